from datetime import timedelta

from etl.ledger import FileState, Ledger
from tests.ledger.conftest import START, ManualClock, new_file, open_batch

ONE, TWO, THREE = "11" * 32, "22" * 32, "33" * 32


def test_a_file_is_recorded_once(ledger: Ledger) -> None:
    open_batch(ledger)
    for _ in range(2):
        with ledger.begin() as tx:
            tx.files.record(new_file("f1"))
    with ledger.read() as tx:
        (file,) = tx.files.of_batches(["b1"])
    assert (file.size, file.remote_path) == (5_000_000_000, "/outbound/in.edi")
    assert (file.state, file.version, file.duplicate_of) == (FileState.ARCHIVED, 1, None)
    assert file.remote_modified_at == START - timedelta(hours=1)


def test_the_same_bytes_under_a_new_name_are_linked_to_the_first(ledger: Ledger) -> None:
    open_batch(ledger)
    open_batch(ledger, "b2")
    with ledger.begin() as tx:
        tx.files.record(new_file("f1", sha256=ONE))
        second = tx.files.record(new_file("f2", sha256=ONE, name="again.edi"))
    with ledger.begin() as tx:
        third = tx.files.record(new_file("f3", "b2", sha256=ONE, name="again.edi"))
    assert (second.state, second.duplicate_of, second.version) == ("duplicate", "f1", 1)
    assert (third.state, third.duplicate_of, third.version) == ("duplicate", "f1", 1)


def test_the_same_bytes_of_another_partner_are_not_a_duplicate(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.files.record(new_file("f1", sha256=ONE))
        other = tx.files.record(new_file("f2", sha256=ONE, partner="pxpr"))
    assert other.duplicate_of is None


def test_new_bytes_under_an_old_name_are_a_new_version(ledger: Ledger) -> None:
    open_batch(ledger)
    versions = {}
    with ledger.begin() as tx:
        for number, sha256 in enumerate((ONE, TWO, ONE, THREE)):
            versions[f"f{number}"] = tx.files.record(new_file(f"f{number}", sha256=sha256)).version
        versions["other"] = tx.files.record(new_file("other", sha256=ONE, partner="pxpr")).version
    assert versions == {"f0": 1, "f1": 2, "f2": 1, "f3": 3, "other": 1}


def test_the_pickup_is_noted_once(ledger: Ledger, clock: ManualClock) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        for number in range(3):
            tx.files.record(new_file(f"f{number}", sha256=f"{number}" * 64))
        tx.files.record(new_file("other", sha256=ONE, partner="pxpr"))
        tx.files.picked_up(["f0", "f1"])
    first = clock.time
    clock.forward(hours=1)
    with ledger.begin() as tx:
        tx.files.picked_up(["f1"])
        tx.files.picked_up([])
    with ledger.read() as tx:
        assert [file.id for file in tx.files.not_picked_up("acme")] == ["f2"]
        file = tx.files.get("f1")
    assert file is not None
    assert file.picked_up_at == first


def test_states_and_numbers_of_documents_are_set(ledger: Ledger) -> None:
    open_batch(ledger)
    names = [f"f{number}" for number in range(30)]
    with ledger.begin() as tx:
        for name in names:
            tx.files.record(new_file(name, sha256=name.ljust(64, "0"), name=name))
        for number, name in enumerate(names):
            state = FileState.MAPPED if number < 20 else FileState.QUARANTINED
            tx.files.mark(name, state, documents=number % 3)
    with ledger.read() as tx:
        files = tx.files.of_batches(["b1", "none"])
    states = [file.state for file in files]
    assert (states.count("mapped"), states.count("quarantined")) == (20, 10)
    assert [tx.files.named(f"f{number}").documents for number in range(3)] == [0, 1, 2]


def test_files_come_in_the_order_of_their_arrival(ledger: Ledger) -> None:
    open_batch(ledger)
    open_batch(ledger, "b2")
    with ledger.begin() as tx:
        tx.files.record(new_file("z", sha256=ONE, received_at=START))
        tx.files.record(new_file("a", "b2", sha256=TWO, received_at=START + timedelta(hours=1)))
        tx.files.record(new_file("b", sha256=THREE, received_at=START + timedelta(hours=2)))
    with ledger.read() as tx:
        assert [file.id for file in tx.files.of_batches(["b1", "b2"])] == ["z", "a", "b"]


def test_hostile_names_are_kept_apart(ledger: Ledger) -> None:
    open_batch(ledger)
    names = ["../../etc/passwd", "a\x00b", "x" * 300, "lone\udcff", "a\nb", "y" * 5000]
    with ledger.begin() as tx:
        for number, name in enumerate(names):
            tx.files.record(new_file(f"f{number}", sha256=f"{number}" * 64, name=name))
    with ledger.read() as tx:
        for number, name in enumerate(names):
            assert [file.id for file in tx.trace(name).files] == [f"f{number}"]


def test_files_that_come_together_are_noted_as_if_one_after_the_other(ledger: Ledger) -> None:
    open_batch(ledger)
    long_name = "n" * 600
    with ledger.begin() as tx:
        tx.files.record(new_file("f0", sha256=ONE, name=long_name))
    coming = [
        new_file("f1", sha256=ONE, name="a"),
        new_file("f2", sha256=TWO, name=long_name),
        new_file("f3", sha256=TWO, name="b"),
        new_file("f4", sha256=THREE, name=long_name),
        new_file("f5", sha256=ONE, name=long_name),
        new_file("f6", sha256=ONE, name=long_name, partner="pxpr"),
        new_file("f1", sha256=ONE, name="a"),
    ]
    with ledger.begin() as tx:
        files = tx.files.record_all(coming)
    assert [(f.id, f.duplicate_of, f.version) for f in files] == [
        ("f1", "f0", 1),
        ("f2", None, 2),
        ("f3", "f2", 1),
        ("f4", None, 3),
        ("f5", "f0", 1),
        ("f6", None, 1),
        ("f1", "f0", 1),
    ]
    with ledger.begin() as tx:
        assert tx.files.known(["f1", "f9"]) == {"f1"}
        assert tx.files.contents("pxpr", [ONE, TWO]) == {ONE}
        assert [f.id for f in tx.files.of_batches(["b1"])] == [f"f{n}" for n in range(7)]
