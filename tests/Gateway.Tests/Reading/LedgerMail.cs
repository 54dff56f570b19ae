using System.Text;
using Gateway.Api.Acceptance;
using Gateway.Ledger;
using Gateway.Mail;
using Gateway.Mail.Addresses;
using Gateway.Providers;
using Gateway.Tests.Cluster;
using Gateway.Worker.Delivery;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Reading;

/// <summary>Puts mail into a ledger and moves it on, by the statements of the hosts themselves and as their roles.</summary>
internal sealed class LedgerMail : IAsyncDisposable
{
    private readonly WakeUp wakeUp;
    private readonly MessageAcceptor acceptor;

    public LedgerMail(TestLedger ledger)
    {
        wakeUp = new WakeUp(ledger.Accept, NullLogger<WakeUp>.Instance);
        acceptor = new MessageAcceptor(ledger.Accept, wakeUp, TimeProvider.System);
        Queue = new DeliveryQueue(ledger.Worker, TimeProvider.System);
        Journal = new AttemptJournal(
            ledger.Worker,
            new WorkerSignals(),
            TimeProvider.System,
            NullLogger<AttemptJournal>.Instance
        );
    }

    public DeliveryQueue Queue { get; }

    public AttemptJournal Journal { get; }

    public static NextStep Sent { get; } = new(DeliveryState.Sent, "final");
    public static NextStep Bounced { get; } = new(DeliveryState.Bounced, "recipient");
    public static NextStep Held { get; } = new(DeliveryState.Held, "ttl_reached", TimeSpan.FromDays(7));
    public static NextStep Deferred { get; } = new(DeliveryState.Deferred, null, TimeSpan.FromMinutes(5), "path");

    public async Task<Guid> AcceptAsync(TestTenant tenant, MailSketch? mail = null)
    {
        mail ??= new MailSketch();
        var id = LedgerId.NewMessage(mail.At);
        var result = await acceptor.AcceptAsync(
            new Submission
            {
                TenantId = tenant.Id,
                MessageId = id,
                SubmissionId = mail.Submission ?? id,
                KeyId = tenant.Key.Id,
                Mode = "live",
                Door = "json",
                Stream = mail.Stream,
                FromAddress = tenant.Address,
                FromDomain = tenant.Domain,
                Subject = mail.Subject,
                Tags = mail.Tags,
                MetadataJson = mail.Metadata,
                Content = Encoding.UTF8.GetBytes("{}"),
                AcceptedAt = mail.At,
                Deadline = mail.Deadline,
                Recipients = [.. mail.To.Select(Recipient)],
            }
        );
        Assert.IsType<AcceptanceResult.Accepted>(result);
        return id;
    }

    /// <summary>Claims, begins and records all that is due: each delivery as <paramref name="step"/> says.</summary>
    public async Task<int> ServeAsync(Func<Claim, NextStep> step, string path = "sandbox")
    {
        Queue.Forget();
        var claims = await Queue.ClaimAsync(1_000, CancellationToken.None);
        await Task.WhenAll(claims.Select(c => ServeAsync(c, step(c), path)));
        return claims.Count;
    }

    public Task<int> ServeAsync(NextStep step, string path = "sandbox") => ServeAsync(_ => step, path);

    public async Task<bool> ServeAsync(Claim claim, NextStep step, string path = "sandbox")
    {
        var begun = await Journal.BeginAsync(new BeginItem(claim, path, MayDuplicate: false));
        return begun.Verdict == BeginVerdict.Send && await RecordAsync(claim, begun.Attempt, step, path);
    }

    public Task<bool> RecordAsync(Claim claim, int attempt, NextStep step, string path = "sandbox")
    {
        var outcome = step.State switch
        {
            DeliveryState.Sent => Outcome.Accepted,
            DeliveryState.Bounced => Outcome.RecipientPermanent,
            _ => Outcome.RecipientTemporary,
        };
        var result = new SendResult(
            outcome,
            OutcomeScope.None,
            "Data",
            "250 2.0.0 said the other side\r\nin two lines"
        );
        return Journal.RecordAsync(new RecordItem(claim, attempt, path, result, step));
    }

    public async ValueTask DisposeAsync()
    {
        await acceptor.DisposeAsync();
        await Journal.DisposeAsync();
        await wakeUp.DisposeAsync();
    }

    private static Recipient Recipient(string text)
    {
        Assert.True(EmailAddress.TryParse(text, out var address, out var error), error.Message);
        return new Recipient(address.ToString(), address.Key);
    }
}

/// <summary>What a test wants to be different about a mail.</summary>
internal sealed record MailSketch
{
    public DateTimeOffset At { get; init; } = DateTimeOffset.UtcNow;
    public string Subject { get; init; } = "Hello";
    public string Stream { get; init; } = "transactional";
    public string[] To { get; init; } = ["ann@example.com"];
    public string[] Tags { get; init; } = [];
    public string? Metadata { get; init; }
    public Guid? Submission { get; init; }
    public DateTimeOffset? Deadline { get; init; }
}
