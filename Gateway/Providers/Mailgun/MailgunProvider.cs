using System.Net.Http.Headers;
using System.Text;
using Gateway.Mail;
using Gateway.Mail.Addresses;
using Gateway.Mail.Messages;
using Gateway.Mail.Smtp;
using Gateway.Net;
using Gateway.Providers.Events;
using Gateway.Providers.Http;
using Gateway.Providers.Outcomes;
using Gateway.Providers.Smtp;

namespace Gateway.Providers.Mailgun;

/// <summary>A Mailgun account: the raw message by its HTTP API, or by its SMTP endpoint where only that is configured.</summary>
public sealed class MailgunProvider : IProvider, ILooksUp, IListsEvents
{
    /// <summary>mailgun.md §2.</summary>
    private const long MaxMessage = 25_000_000;
    private const string ControlPrefix = "X-Mailgun-";

    private readonly MailgunOptions options;
    private readonly AccountClient client;
    private readonly SmtpRelayProvider? relay;
    private readonly UnknownTexts unknownTexts;
    private readonly TimeProvider clock;

    public MailgunProvider(MailgunOptions options, ProviderServices services)
        : this(options, services.Clock, new GuardedConnector(services.Addresses)) { }

    internal MailgunProvider(MailgunOptions options, TimeProvider clock, GuardedConnector connector)
    {
        (this.options, this.clock) = (options, clock);
        client = new AccountClient(options, connector, clock);
        unknownTexts = new UnknownTexts(clock, options.UnknownTextsAMinute);
        relay =
            options.Transport == MailgunTransport.Smtp
                ? new SmtpRelayProvider(options.ToRelay(), clock, connector)
                : null;
        Capabilities = new PathCapabilities
        {
            Form = MailForm.Raw,
            Signs = PathSigner.Provider,
            MaxSize = MaxMessage,
            Events = PathEvents.Full,
            Lookup = options.ApiKey.Length > 0,
        };
    }

    public PathCapabilities Capabilities { get; }

    public async Task<SendResult> SendAsync(OutboundMail mail, CancellationToken cancel)
    {
        if (!SmtpPath.TryCreate(mail.Recipient, out var recipient) || recipient.IsNull)
        {
            return Refuse(Outcome.AdapterBug, OutcomeScope.Message, "the recipient of the ledger is no address");
        }

        var needs = mail.NeedsSmtpUtf8 || recipient.IsInternational ? MailNeeds.Eai : MailNeeds.None;
        if (Capabilities.WhyNot(needs, mail.Content.Length) is { } objection)
        {
            return Refuse(Outcome.PathDown, OutcomeScope.Message, objection);
        }

        var message = MimeMessage.Parse(StampedContent.Flat(mail.Content));
        return relay is null
            ? await PostAsync(mail, message, cancel)
            : MailgunOutcomes.OfSmtp(await SendBySmtpAsync(relay, mail, message, cancel), clock.GetUtcNow());
    }

    public Task<SendResult> ProbeAsync(CancellationToken cancel) =>
        relay?.ProbeAsync(cancel) ?? MailgunProbe.AskAsync(client, Request, options, clock, cancel);

    public Task<LookUp> LookUpAsync(SentMail sent, CancellationToken cancel)
    {
        var domain = options.Domain ?? sent.FromDomain;
        return options.ApiKey.Length == 0 || !MailgunDomain.IsProper(domain)
            ? Task.FromResult(new LookUp(LookUpAnswer.CannotTell, "the events of this domain cannot be asked for"))
            : MailgunEventSearch.FindAsync(Ask, options.Api, domain, sent, clock.GetUtcNow(), cancel);
    }

    public Task<EventList> ListEventsAsync(string domain, DateTimeOffset since, string? next, CancellationToken cancel)
    {
        var sending = options.Domain ?? domain;
        return options.ApiKey.Length == 0 || !MailgunDomain.IsProper(sending)
            ? Task.FromResult(EventList.Unavailable("the events of this domain cannot be asked for"))
            : MailgunEventList.ReadAsync(Ask, $"{options.Api}/v3/{sending}/events", since, next, cancel);
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        if (relay is not null)
        {
            await relay.DisposeAsync();
        }
    }

    private async Task<SendResult> PostAsync(OutboundMail mail, MimeMessage message, CancellationToken cancel)
    {
        var from = From(message);
        var domain = options.Domain ?? from?.Domain ?? "";
        if (!MailgunDomain.IsProper(domain))
        {
            return Refuse(Outcome.PathDown, OutcomeScope.Identity, $"'{domain}' is no sending domain of Mailgun");
        }

        var ids = CarriedIds.Of(mail);
        var pieces = StampedContent.Stamp(message, ControlPrefix, [new(CarriedIds.Header, ids.Delivery)]);
        var (body, type) = MailgunRequest.Write(pieces, mail.Recipient, ids, Sender(message, from, domain));
        var request = Request(HttpMethod.Post, $"{options.Api}/v3/{domain}/messages.mime");
        request.Content = new WatchedContent(body, type);
        return await client.SendAsync(request, cancel) switch
        {
            HttpAnswer answer => unknownTexts.Judge(
                TransportOutcomes.Of(
                    answer,
                    Widen(MailgunOutcomes.Classify(answer, clock.GetUtcNow())),
                    options.ApiKey
                ),
                mail.MessageId
            ),
            HttpFailure failure => TransportOutcomes.Of(failure),
            var other => throw new InvalidOperationException($"no such exchange: {other.GetType().Name}"),
        };
    }

    private static async Task<SendResult> SendBySmtpAsync(
        SmtpRelayProvider relay,
        OutboundMail mail,
        MimeMessage message,
        CancellationToken cancel
    )
    {
        var ids = CarriedIds.Of(mail);
        var variables = string.Join(", ", ids.Pairs().Select(p => $"\"{p.Key}\": \"{p.Value}\""));
        var pieces = StampedContent.Stamp(
            message,
            ControlPrefix,
            [
                new(ControlPrefix + "Variables", $"{{{variables}}}"),
                new(ControlPrefix + "Track", "no"),
                new(ControlPrefix + "Track-Clicks", "no"),
                new(ControlPrefix + "Track-Opens", "no"),
                new(CarriedIds.Header, ids.Delivery),
            ]
        );
        var result = await relay.SendAsync(mail with { Content = StampedContent.Join(pieces) }, cancel);
        // "250 Great success" tells no id; the events carry our own Message-ID.
        return result.Outcome == Outcome.Accepted
            ? result with
            {
                ProviderId = message.Headers.First("message-id")?.Value.Trim('<', '>', ' '),
            }
            : result;
    }

    /// <summary>
    /// Mailgun adds a Sender of its own domain where the From's is another, and readers show "on behalf of". A Sender that
    /// the message has, or the From's address, keeps it away (mailgun.md §5).
    /// </summary>
    private string? Sender(MimeMessage message, EmailAddress? from, string domain) =>
        options.SenderFollowsFrom
        && from is not null
        && !from.Domain.Equals(domain, StringComparison.OrdinalIgnoreCase)
        && message.Headers.Count("sender") == 0
            ? from.ToString()
            : null;

    // Of a path with one domain, what concerns that domain concerns the whole path.
    private HttpVerdict Widen(HttpVerdict verdict) =>
        options.Domain is not null && verdict.Scope == OutcomeScope.Identity
            ? verdict with
            {
                Scope = OutcomeScope.Account,
            }
            : verdict;

    private static EmailAddress? From(MimeMessage message) =>
        message.Headers.First("from")?.Value is { } value && AddressList.TryParse(value, out var entries, out _)
            ? AddressList.Addresses(entries).FirstOrDefault()
            : null;

    private Task<HttpExchange> Ask(string url, CancellationToken cancel) =>
        client.SendAsync(Request(HttpMethod.Get, url), cancel);

    private HttpRequestMessage Request(HttpMethod method, string url)
    {
        var request = new HttpRequestMessage(method, url);
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"api:{options.ApiKey}"))
        );
        return request;
    }

    private static SendResult Refuse(Outcome outcome, OutcomeScope scope, string why) =>
        new(outcome, scope, nameof(HttpPhase.Request), why);
}
