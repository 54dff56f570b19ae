using System.Buffers;
using System.Globalization;
using System.Text;
using Gateway.Ledger;
using Gateway.Mail.Addresses;
using Gateway.Providers;

namespace Gateway.Worker.Paths;

/// <summary>Between whom the canary of a path flies: addresses of our own.</summary>
public sealed record CanaryAddresses(EmailAddress From, EmailAddress To)
{
    /// <summary>A small message that says what it is.</summary>
    public OutboundMail Compose(DateTimeOffset now)
    {
        var id = LedgerId.NewMessage(now);
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"Date: {now:ddd, dd MMM yyyy HH:mm:ss} +0000\r\nFrom: <{From}>\r\nTo: <{To}>\r\nMessage-ID: <{id:N}@{From.Domain}>\r\nSubject: canary\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nThis message asks whether a path of the email gateway carries mail. Nobody needs to read it.\r\n"
        );
        return new OutboundMail
        {
            TenantId = Guid.Empty,
            MessageId = id,
            DeliveryId = id,
            Attempt = 1,
            MailFrom = From.ToString(),
            Recipient = To.ToString(),
            Content = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(text)),
        };
    }
}
