"""The corpus, laid out as checkouts."""
import os
import shutil

from oracle.checkout import Collection

# name: (folder of the corpus, folder of the checkout, number of items)
LAYOUTS = {
    "skills-wshobson": ("skills-wshobson/plugins", "skills/plugins", 181),
    "skills-claude-mpm": ("skills-claude-mpm", "skills", 172),
    "mcps-docker": ("mcps-docker/servers", "mcps", 328),
    "capabilities-chora": ("capabilities-chora/capabilities", "capabilities", 48),
}

CHORA = {
    "type": "capability",
    "path": "capabilities",
    "flat": ["*.yaml"],
    "id_from": "/metadata/dc_identifier",
    "fields": {
        "name": "/metadata/dc_title",
        "version": "/metadata/dc_hasVersion",
        "description": "/metadata/dc_description",
        "dependencies": "/dc_relation/requires",
        "owner": "/metadata/dc_creator",
        "tags": "/metadata/dc_subject",
    },
}


def lay_out(name, corpus, checkout):
    """Copies a layout into a checkout. Returns (collections for the configuration or None, the oracle's, number)."""
    source, target, number = LAYOUTS[name]
    shutil.copytree(corpus / source, checkout.path(target), dirs_exist_ok=True, copy_function=shutil.copyfile)
    for folder, _, _ in os.walk(checkout.path(target)):
        os.chmod(folder, 0o755)  # the corpus may be read-only
    collections = [CHORA] if name == "capabilities-chora" else None
    return collections, [Collection(**c) for c in collections] if collections else None, number

