using System.Text;

namespace ProviderEmulators.Events;

/// <summary>An event that a person wants to have told.</summary>
/// <param name="To">The door of a path: <c>http://…/in/sendgrid/…</c>.</param>
/// <param name="Event">In the gateway's words (<c>delivered</c>, <c>bounced</c> …), or in the provider's.</param>
/// <param name="Mail">The provider's id of the mail it is about; the newest that it took unless named.</param>
/// <param name="Recipient">The mail's first unless named.</param>
/// <param name="Reason">What the receiver said.</param>
/// <param name="Forged">Signed by somebody else.</param>
public sealed record TellRequest(
    Uri? To,
    string Event = "delivered",
    string? Mail = null,
    string? Recipient = null,
    string? Reason = null,
    bool Forged = false
);

/// <summary>What was posted, and what the gateway answered; 0 where nobody was there.</summary>
public sealed record TellAnswer(int Answer, string Event, string Recipient, string Mail, string Posted);

/// <summary>Posts one event as a provider of its kind would: signed, about a mail that was taken.</summary>
public sealed class EventTeller(
    SendGridWriter sendGrid,
    MailgunWriter mailgun,
    SnsWriter sns,
    IReadOnlyList<MailStore> stores
) : IDisposable
{
    private readonly HttpClient client = new() { Timeout = TimeSpan.FromSeconds(30) };

    public static IReadOnlyList<string> Kinds { get; } = ["sendgrid", "mailgun", "ses", "postmark"];

    /// <summary>Null where no such mail was taken.</summary>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    public async Task<TellAnswer?> TellAsync(string kind, TellRequest wanted, CancellationToken cancel)
    {
        var mails = stores.SelectMany(s => s.Mails);
        var mail = wanted.Mail is { } id ? mails.FirstOrDefault(m => m.Id == id) : mails.MaxBy(m => m.At);
        if (mail is null)
        {
            return null;
        }

        var told = new EmulatedEvent(
            Guid.NewGuid().ToString("N"),
            NameOf(kind, wanted.Event),
            (wanted.Recipient ?? mail.Recipients[0]).Trim('<', '>'),
            DateTimeOffset.UtcNow,
            mail
        )
        {
            Reason = wanted.Reason,
        };
        var post = kind switch
        {
            "sendgrid" => sendGrid.Write([told], wanted.Forged),
            "mailgun" => mailgun.Write([told], wanted.Forged),
            "postmark" => PostmarkWriter.Of(told, wanted.Forged),
            _ => sns.Of(told, wanted.Forged),
        };
        return new TellAnswer(
            await SendAsync(wanted.To!, post, cancel),
            told.Event,
            told.Recipient,
            mail.Id,
            Encoding.UTF8.GetString(post.Body)
        );
    }

    public void Dispose() => client.Dispose();

    /// <summary>The provider's own name for what the gateway calls so; another name is taken as the provider's.</summary>
    private static string NameOf(string kind, string word) =>
        (kind, word) switch
        {
            ("sendgrid", "bounced") => "bounce",
            ("sendgrid", "complained") => "spamreport",
            ("sendgrid", "opened") => "open",
            ("sendgrid", "clicked") => "click",
            ("sendgrid", "unsubscribed") => "unsubscribe",
            ("mailgun", "processed") => "accepted",
            ("mailgun", "bounced") => "failed",
            _ => word,
        };

    private async Task<int> SendAsync(Uri to, EventPost post, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, to) { Content = new ByteArrayContent(post.Body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", post.ContentType);
        foreach (var (name, value) in post.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        try
        {
            using var answer = await client.SendAsync(request, cancel);
            return (int)answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return 0;
        }
    }
}
