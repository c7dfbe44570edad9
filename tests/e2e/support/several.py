"""Several daemons, each with a catalog and a proxy of its own: what waits can be done side by side."""
import threading

from .checkout import Checkout


def own_checkouts(scene, number):
    """One for each of them, with one skill."""
    made = [Checkout(f"{scene.folder}/checkout{i}").init() for i in range(number)]
    for checkout in made:
        checkout.skill("one")
    return made


def daemons(scene, number, checkouts=None, env=None, **settings):
    """[(catalog, proxy, daemon)], all ready. checkouts: one for each, if not the scene's for all. settings: of redis."""
    scene.redis()
    rows = []
    for i in range(number):
        catalog, proxy = f"c{i}", scene.proxy()
        scene.server.allow(catalog)
        source = {"root": (checkouts[i] if checkouts else scene.checkout).root}
        daemon = scene.daemon(catalog, env=env, catalog=catalog, source=source, redis={"url": proxy.url, **settings})
        rows.append((catalog, proxy, daemon.start(wait=False)))
    for _, _, daemon in rows:
        daemon.wait_ready()
    return rows


def in_parallel(work, rows):
    """Runs work(*row) for all of them at once; fails when one does."""
    failures = []

    def run(row):
        try:
            work(*row)
        except BaseException as failure:  # told by the thread that runs the test
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(row,)) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
