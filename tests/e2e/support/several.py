"""Several daemons on one checkout, each with a catalog and a proxy of its own: what waits can be done side by side."""
import threading


def daemons(scene, number, **settings):
    """[(catalog, proxy, daemon)], all ready."""
    scene.redis()
    rows = []
    for catalog in (f"c{i}" for i in range(number)):
        scene.server.allow(catalog)
        proxy = scene.proxy()
        daemon = scene.daemon(catalog, catalog=catalog, redis={"url": proxy.url, **settings})
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
