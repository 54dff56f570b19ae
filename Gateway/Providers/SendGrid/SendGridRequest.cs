using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gateway.Mail.Addresses;
using Gateway.Mail.Messages;

namespace Gateway.Providers.SendGrid;

/// <summary>The body of <c>POST /v3/mail/send</c> for one recipient.</summary>
internal static class SendGridRequest
{
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Null where the message's own fields cannot be read as the contract wants them.</summary>
    public static ReadOnlyMemory<byte>? Write(SplitMessage split, string recipient, CarriedIds ids)
    {
        if (One(split.Headers, "from") is not { Address: { } from } sender)
        {
            return null;
        }

        var body = new ArrayBufferWriter<byte>(8 * 1024);
        using var json = new Utf8JsonWriter(body, Compact);
        json.WriteStartObject();
        WritePersonalization(json, One(split.Headers, "to")?.Name, recipient, ids);
        json.WritePropertyName("from");
        WriteAddress(json, from.ToString(), sender.Name);
        WriteReplyTo(json, Entries(split.Headers, "reply-to"));
        json.WriteString("subject", split.Headers.First("subject")?.Text);
        WriteContent(json, split);
        WriteAttachments(json, split);
        WriteHeaders(json, split.Headers, ids);
        WriteSettings(json);
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }

    // One personalization is one mail, and custom_args of it come back in each of its events.
    private static void WritePersonalization(Utf8JsonWriter json, string? name, string recipient, CarriedIds ids)
    {
        json.WriteStartArray("personalizations");
        json.WriteStartObject();
        json.WriteStartArray("to");
        WriteAddress(json, recipient, name);
        json.WriteEndArray();
        json.WriteStartObject("custom_args");
        foreach (var (key, value) in ids.Pairs())
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteAddress(Utf8JsonWriter json, string address, string? name)
    {
        json.WriteStartObject();
        json.WriteString("email", address);
        if (!string.IsNullOrEmpty(name))
        {
            json.WriteString("name", name);
        }

        json.WriteEndObject();
    }

    // reply_to and reply_to_list together are refused.
    private static void WriteReplyTo(Utf8JsonWriter json, IReadOnlyList<AddressListEntry> entries)
    {
        if (entries is [{ Address: { } only } entry])
        {
            json.WritePropertyName("reply_to");
            WriteAddress(json, only.ToString(), entry.Name);
        }
        else if (entries.Count > 1)
        {
            json.WriteStartArray("reply_to_list");
            foreach (var one in entries.Where(e => e.Address is not null))
            {
                WriteAddress(json, one.Address!.ToString(), one.Name);
            }

            json.WriteEndArray();
        }
    }

    // text/plain stands first, and no value is empty.
    private static void WriteContent(Utf8JsonWriter json, SplitMessage split)
    {
        json.WriteStartArray("content");
        foreach (
            var (type, part) in (ReadOnlySpan<(string, MimePart?)>)
                [("text/plain", split.Text), ("text/html", split.Html)]
        )
        {
            if (part?.DecodeText() is { Length: > 0 } text)
            {
                json.WriteStartObject();
                json.WriteString("type", type);
                json.WriteString("value", text);
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
    }

    private static void WriteAttachments(Utf8JsonWriter json, SplitMessage split)
    {
        if (split.Attachments.Count + split.Inline.Count == 0)
        {
            return;
        }

        json.WriteStartArray("attachments");
        foreach (
            var (part, isInline) in split
                .Attachments.Select(p => (p, false))
                .Concat(split.Inline.Select(p => (p, true)))
        )
        {
            json.WriteStartObject();
            json.WriteBase64String("content", part.DecodeContent());
            json.WriteString("type", part.ContentType.MediaType);
            json.WriteString("filename", part.FileName is { Length: > 0 } name ? name : "attachment");
            json.WriteString("disposition", isInline ? "inline" : "attachment");
            if (part.ContentId is { } id)
            {
                json.WriteString("content_id", id);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteHeaders(Utf8JsonWriter json, HeaderFields fields, CarriedIds ids)
    {
        json.WriteStartObject("headers");
        foreach (var (name, value) in SendGridParts.Forwarded(fields))
        {
            json.WriteString(name, value);
        }

        json.WriteString(CarriedIds.Header, ids.Delivery);
        json.WriteEndObject();
    }

    // Said each time: what is left out is the account's setting, which is often on. A footer would change the body (I4).
    private static void WriteSettings(Utf8JsonWriter json)
    {
        json.WriteStartObject("mail_settings");
        Off(json, "footer");
        Off(json, "sandbox_mode");
        json.WriteEndObject();
        json.WriteStartObject("tracking_settings");
        json.WriteStartObject("click_tracking");
        json.WriteBoolean("enable", false);
        json.WriteBoolean("enable_text", false);
        json.WriteEndObject();
        Off(json, "open_tracking");
        Off(json, "subscription_tracking");
        Off(json, "ganalytics");
        json.WriteEndObject();
    }

    private static void Off(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject(name);
        json.WriteBoolean("enable", false);
        json.WriteEndObject();
    }

    private static AddressListEntry? One(HeaderFields headers, string name) =>
        Entries(headers, name) is [var only] ? only : null;

    private static IReadOnlyList<AddressListEntry> Entries(HeaderFields headers, string name) =>
        headers.First(name)?.Value is { Length: > 0 } value && AddressList.TryParse(value, out var entries, out _)
            ? [.. entries.SelectMany(e => e.Members ?? [e])]
            : [];
}
