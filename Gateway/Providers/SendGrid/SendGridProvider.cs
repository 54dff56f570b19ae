using System.Net.Http.Headers;
using Gateway.Mail;
using Gateway.Mail.Messages;
using Gateway.Mail.Smtp;
using Gateway.Net;
using Gateway.Providers.Http;
using Gateway.Providers.Outcomes;
using Gateway.Providers.Smtp;

namespace Gateway.Providers.SendGrid;

/// <summary>A SendGrid account: JSON for what its parts carry, its SMTP endpoint for what only the bytes do (D13).</summary>
public sealed class SendGridProvider : IProvider, ILooksUp
{
    /// <summary>Of a message with its attachments (sendgrid.md §2).</summary>
    private const long MaxApiSize = 30_000_000;
    private const long MaxSmtpSize = 20_000_000;

    private readonly SendGridOptions options;
    private readonly AccountClient client;
    private readonly SendGridRelay? relay;
    private readonly UnknownTexts unknownTexts;
    private readonly TimeProvider clock;

    public SendGridProvider(SendGridOptions options, ProviderServices services)
        : this(options, services.Clock, new GuardedConnector(services.Addresses)) { }

    internal SendGridProvider(SendGridOptions options, TimeProvider clock, GuardedConnector connector)
    {
        (this.options, this.clock) = (options, clock);
        client = new AccountClient(options, connector, clock);
        unknownTexts = new UnknownTexts(clock, options.UnknownTextsAMinute);
        relay =
            options.Transport == SendGridTransport.Api
                ? null
                : new SendGridRelay(new SmtpRelayProvider(options.ToRelay(), clock, connector));
        Capabilities = options.Transport switch
        {
            SendGridTransport.Smtp => OverSmtp,
            SendGridTransport.Api => OverApi,
            _ => OverApi with { Otherwise = [OverSmtp] },
        };
    }

    public PathCapabilities Capabilities { get; }

    private PathCapabilities OverApi =>
        new()
        {
            Form = MailForm.Parts,
            EnvelopeIndependent = false,
            KeepsMessageId = false,
            Signs = PathSigner.Provider,
            MaxSize = MaxApiSize,
            Events = PathEvents.Full,
            Lookup = options.ActivityLookup,
        };

    private PathCapabilities OverSmtp =>
        OverApi with
        {
            Form = MailForm.Raw,
            EnvelopeIndependent = true,
            MaxSize = MaxSmtpSize,
        };

    public async Task<SendResult> SendAsync(OutboundMail mail, CancellationToken cancel)
    {
        if (!SmtpPath.TryCreate(mail.Recipient, out var recipient) || recipient.IsNull)
        {
            return Refuse(Outcome.AdapterBug, "the recipient of the ledger is no address");
        }

        var message = MimeMessage.Parse(StampedContent.Flat(mail.Content));
        var split = MessageParts.Split(message);
        var needs = mail.Needs;
        needs |= SendGridParts.NeedsRaw(split) ? MailNeeds.Raw : MailNeeds.None;
        needs |= DerivedNeeds.HasItsOwnEnvelope(message.Headers, mail.Recipient)
            ? MailNeeds.IndependentEnvelope
            : MailNeeds.None;
        needs |= mail.NeedsSmtpUtf8 || recipient.IsInternational ? MailNeeds.Eai : MailNeeds.None;
        return Capabilities.For(needs, mail.Content.Length) switch
        {
            { Form: MailForm.Parts } => await PostAsync(mail, split, cancel),
            { } => await relay!.SendAsync(mail, message, cancel),
            // Others may carry it, and other messages may go here.
            null => Refuse(Outcome.PathDown, Capabilities.WhyNot(needs, mail.Content.Length)!),
        };
    }

    /// <summary>Asks for the key's scopes, among which must be the right to send; nothing is sent.</summary>
    public async Task<SendResult> ProbeAsync(CancellationToken cancel)
    {
        if (options.Transport == SendGridTransport.Smtp)
        {
            return await relay!.ProbeAsync(cancel);
        }

        return await Ask("/v3/scopes", cancel) switch
        {
            HttpAnswer answer => TransportOutcomes.Of(answer, JudgeScopes(answer), options.ApiKey),
            HttpFailure failure => TransportOutcomes.Of(failure),
            var other => throw new InvalidOperationException($"no such exchange: {other.GetType().Name}"),
        };
    }

    public Task<LookUp> LookUpAsync(SentMail sent, CancellationToken cancel) =>
        options.ActivityLookup
            ? SendGridActivity.FindAsync(Ask, sent, clock.GetUtcNow(), cancel)
            : Task.FromResult(new LookUp(LookUpAnswer.CannotTell, "the account has no Email Activity API"));

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        if (relay is not null)
        {
            await relay.DisposeAsync();
        }
    }

    private async Task<SendResult> PostAsync(OutboundMail mail, SplitMessage split, CancellationToken cancel)
    {
        if (SendGridRequest.Write(split, mail.Recipient, CarriedIds.Of(mail)) is not { } body)
        {
            return Refuse(Outcome.AdapterBug, "the message has no single From");
        }

        var request = Request(HttpMethod.Post, "/v3/mail/send");
        request.Content = new WatchedContent([body], "application/json");
        return await client.SendAsync(request, cancel) switch
        {
            HttpAnswer answer => unknownTexts.Judge(
                TransportOutcomes.Of(answer, SendGridOutcomes.Classify(answer, clock.GetUtcNow()), options.ApiKey),
                mail.MessageId
            ),
            HttpFailure failure => TransportOutcomes.Of(failure),
            var other => throw new InvalidOperationException($"no such exchange: {other.GetType().Name}"),
        };
    }

    private HttpVerdict JudgeScopes(HttpAnswer answer) =>
        answer.Status != 200 ? ProbeVerdict.Of(SendGridOutcomes.Classify(answer, clock.GetUtcNow()))
        : answer.IsCut || answer.Body.Contains("\"mail.send\"", StringComparison.Ordinal)
            ? new(Outcome.Accepted, OutcomeScope.None, "sendgrid/probe")
        : new(Outcome.PathDown, OutcomeScope.Account, "sendgrid/probe");

    private Task<HttpExchange> Ask(string path, CancellationToken cancel) =>
        client.SendAsync(Request(HttpMethod.Get, path), cancel);

    private HttpRequestMessage Request(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, options.Api + path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", options.ApiKey);
        // Without it the answer is 406.
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        return request;
    }

    private static SendResult Refuse(Outcome outcome, string why) =>
        new(outcome, OutcomeScope.Message, nameof(HttpPhase.Request), why);
}
