"""`etl status`, `etl runs` and `etl show`: what happened, and what waits for whom."""

from __future__ import annotations

import click

from etl.cli.interchanges import print_interchanges
from etl.cli.printing import console, print_fields, print_json, print_table
from etl.cli.session import Session, json_option, pass_session
from etl.jobs.scheduler import planned
from etl.ledger import as_dict


@click.command()
@json_option
@pass_session
def status(session: Session, as_json: bool) -> None:
    """What waits: open exceptions by queue, unfinished batches, what was not delivered or not
    acknowledged in time, the last and next runs.

    \b
    Examples:
      etl status
      etl status --json
    """
    with session.workspace() as workspace:
        with workspace.ledger.read() as ledger:
            queues = ledger.exceptions.open_counts()
            unsealed = ledger.batches.unsealed()
            overdue = ledger.interchanges.unanswered(overdue=True)
            waiting = ledger.interchanges.undelivered(list(workspace.project.partners))
            last = {job: ledger.runs.recent(1, job) for job in workspace.project.jobs}
        slots = {each.job: each for each in planned(workspace)}
    if as_json:
        print_json(
            {
                "environment": session.project.environment,
                "queues": [
                    {"kind": kind, "queue": queue, "open": count}
                    for (kind, queue), count in queues.items()
                ],
                "unfinished_batches": [as_dict(batch) for batch in unsealed],
                "undelivered": [as_dict(sent) for sent in waiting],
                "overdue_acknowledgements": [as_dict(sent) for sent in overdue],
                "jobs": [
                    {
                        "job": job,
                        "last_run": as_dict(runs[0]) if runs else None,
                        "next": slots[job].next if job in slots else None,
                    }
                    for job, runs in last.items()
                ],
            }
        )
        return
    console.print(f"environment [bold]{session.project.environment}[/bold]")
    print_table(
        "jobs",
        ["job", "last run", "state", "next (local)"],
        [
            (
                job,
                runs[0].started_at if runs else "never",
                runs[0].state if runs else "",
                f"{slots[job].next} {slots[job].zone}" if job in slots else "by hand",
            )
            for job, runs in last.items()
        ],
    )
    print_table(
        "open exceptions",
        ["queue", "kind", ">open"],
        [(queue, kind, count) for (kind, queue), count in queues.items()],
    )
    print_table(
        "unfinished batches (the next run of the job finishes them)",
        ["batch", "job", "since"],
        [(batch.id, batch.job, batch.created_at) for batch in unsealed],
    )
    if waiting:
        print_table(
            "not delivered yet (the next run with the step acknowledge does)",
            ["partner", "file", "since"],
            [(sent.partner, sent.file_name, sent.created_at) for sent in waiting],
        )
    if overdue:
        print_table(
            "acknowledgements that are overdue",
            ["partner", "file", "control no", "delivered", "expected by"],
            [
                (
                    sent.partner,
                    sent.file_name,
                    sent.control_no,
                    sent.delivered_at,
                    sent.ack_expected_by,
                )
                for sent in overdue
            ],
        )


@click.command()
@click.option("--job", help="Only runs of this job.")
@click.option("--limit", default=20, show_default=True, help="How many runs at most.")
@json_option
@pass_session
def runs(session: Session, job: str | None, limit: int, as_json: bool) -> None:
    """The latest runs, newest first.

    \b
    Examples:
      etl runs
      etl runs --job nightly --limit 5 --json
    """
    with session.workspace() as workspace, workspace.ledger.read() as ledger:
        found = ledger.runs.recent(limit, job)
        batches = {run.id: [batch.id for batch in ledger.batches.of_run(run.id)] for run in found}
    if as_json:
        print_json([{**as_dict(run), "batches": batches[run.id]} for run in found])
        return
    print_table(
        "",
        ["run", "job", "for", "kind", "state", ">read", ">pushed", ">held", ">rejected", "batches"],
        [
            (
                run.id,
                run.job,
                run.nominal_date,
                run.kind,
                run.state,
                *(run.counts.get(name, 0) for name in ("read", "pushed", "held", "rejected")),
                batches[run.id],
            )
            for run in found
        ],
        empty="no runs yet: etl run JOB",
    )


@click.command()
@click.argument("run_id", metavar="RUN")
@click.option("--limit", default=200, show_default=True, help="How many documents at most.")
@json_option
@pass_session
def show(session: Session, run_id: str, limit: int, as_json: bool) -> None:
    """A run in full: its batches, files, interchanges and documents, and where each ended.

    \b
    Examples:
      etl show 20261123T023000-a1b2c3
    """
    with session.workspace() as workspace, workspace.ledger.read() as ledger:
        run = ledger.runs.named(run_id)
        batches = ledger.batches.of_run(run_id)
        files = ledger.files.of_batches([batch.id for batch in batches])
        interchanges = ledger.interchanges.of_batches([batch.id for batch in batches])
        documents = [
            document
            for batch in batches
            for document in ledger.documents.of_batch(batch.id, limit=limit)
        ]
    if as_json:
        print_json(
            {
                **as_dict(run),
                "batches": [as_dict(batch) for batch in batches],
                "files": [as_dict(file) for file in files],
                "interchanges": [as_dict(each) for each in interchanges],
                "documents": [as_dict(document) for document in documents],
            }
        )
        return
    print_fields(
        {
            "run": run.id,
            "job": run.job,
            "for": run.nominal_date,
            "state": run.state,
            "started": run.started_at,
            "finished": run.finished_at,
            "counts": ", ".join(f"{name} {count}" for name, count in run.counts.items()),
            "error": run.error,
        }
    )
    print_table(
        "batches",
        ["batch", "state", "folder", "rerun of"],
        [
            (
                b.id,
                b.state,
                session.project.shown(session.project.folders.archive / b.folder),
                b.rerun_of,
            )
            for b in batches
        ],
    )
    print_table(
        "files",
        ["partner", "file", "version", ">bytes", "state", "sha256"],
        [(f.partner, f.original_name, f.version, f.size, f.state, f.sha256[:12]) for f in files],
    )
    print_interchanges(interchanges)
    print_table(
        "documents",
        ["partner", "document", ">amount", "currency", "outcome", "ended", "reasons"],
        [
            (d.partner, d.document_no, d.amount, d.currency, d.outcome, d.disposition, d.reasons)
            for d in documents
        ],
    )
