namespace Gateway.Mail.Addresses;

/// <summary>How the name of a mailbox is read.</summary>
internal enum NameReading
{
    /// <summary>As the standard says: an encoded-word inside quotes is literal text (RFC 2047 §5 rule 3), a comment is no name.</summary>
    Strict,

    /// <summary>
    /// As every mail program shows it: encoded-words inside quotes are decoded too, and a comment names an address
    /// that has no other name.
    /// </summary>
    AsReceived,
}
