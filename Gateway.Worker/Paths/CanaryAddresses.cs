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

    /// <summary>From <c>CanaryFrom</c> and <c>CanaryTo</c> of a path's settings; null where there are none.</summary>
    public static CanaryAddresses? Read(IConfigurationSection settings, List<string> problems)
    {
        var (from, to) = (settings["CanaryFrom"], settings["CanaryTo"]);
        if (from is null && to is null)
        {
            return null;
        }

        if (
            EmailAddress.TryParse(from ?? "", out var sender, out _)
            && EmailAddress.TryParse(to ?? "", out var recipient, out _)
        )
        {
            return new CanaryAddresses(sender, recipient);
        }

        problems.Add($"{settings.Path}: CanaryFrom and CanaryTo must both be addresses, or both be absent");
        return null;
    }
}
