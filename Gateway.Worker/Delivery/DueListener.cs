using Gateway.Database;
using Gateway.Ledger;
using Npgsql;

namespace Gateway.Worker.Delivery;

/// <summary>Hears the wake-ups of the doors. While nobody listens the loop's poll finds the mail; then it looks once by itself.</summary>
public sealed class DueListener(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    WorkerSignals signals,
    TimeProvider clock,
    ILogger<DueListener> log
) : LedgerListener(ledger, WakeUp.Channel, clock, log)
{
    protected override void Heard() => signals.MailIsDue();

    protected override void Connected() => signals.MailCameBack();

    protected override void Lost() { }
}
