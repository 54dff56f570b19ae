using Gateway.Mail.Addresses;
using Gateway.Mail.Messages;

namespace Gateway.Providers;

/// <summary>What a message's own bytes tell of its needs (D13); what its door knows comes on top.</summary>
public static class DerivedNeeds
{
    /// <summary>The needs of a message for one recipient.</summary>
    public static MailNeeds Of(MimeMessage message, string recipient) =>
        (HasItsOwnEnvelope(message.Headers, recipient) ? MailNeeds.IndependentEnvelope : MailNeeds.None)
        | (MessageParts.Split(message).NeedsRaw ? MailNeeds.Raw : MailNeeds.None);

    /// <summary>True unless To is exactly the recipient and nobody else is shown.</summary>
    public static bool HasItsOwnEnvelope(HeaderFields headers, string recipient)
    {
        var visible = Visible(headers, "to").Concat(Visible(headers, "cc")).ToArray();
        return visible is not [{ } only]
            || headers.Count("to") != 1
            || !EmailAddress.TryParse(recipient, out var address, out _)
            || only.Key != address.Key;
    }

    // What cannot be read is null: an entry that is nobody we could be sending to.
    private static IEnumerable<EmailAddress?> Visible(HeaderFields headers, string name)
    {
        foreach (var field in headers.All(name))
        {
            if (!AddressList.TryParse(field.Value, out var entries, out _))
            {
                yield return null;
                continue;
            }

            foreach (var entry in entries.SelectMany(e => e.Members ?? [e]))
            {
                yield return entry.Address;
            }
        }
    }
}
