using System.Buffers;
using System.Text;
using Gateway.Providers;

namespace Gateway.Tests.Providers;

/// <summary>A message as the Worker hands it to a provider.</summary>
internal static class TestMail
{
    public const string Recipient = "ann@example.net";

    public static OutboundMail Of(
        string? headers = null,
        string body = "Hello\r\n",
        Guid? messageId = null,
        MailNeeds needs = MailNeeds.None,
        string recipient = Recipient
    ) =>
        new()
        {
            TenantId = Guid.NewGuid(),
            MessageId = messageId ?? Guid.NewGuid(),
            DeliveryId = Guid.NewGuid(),
            Attempt = 3,
            MailFrom = "sender@example.com",
            Recipient = recipient,
            Needs = needs,
            Content = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes((headers ?? Headers) + "\r\n" + body)),
        };

    public const string Headers =
        "From: Sender <sender@example.com>\r\nTo: Ann <ann@example.net>\r\nSubject: Hi\r\n"
        + "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\nMessage-ID: <m1@example.com>\r\nMIME-Version: 1.0\r\n"
        + "Content-Type: text/plain; charset=utf-8\r\n";
}
