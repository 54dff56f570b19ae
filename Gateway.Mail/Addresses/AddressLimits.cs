namespace Gateway.Mail.Addresses;

/// <summary>Lengths of the standards, in octets of the form that travels (UTF-8, A-labels, quotes included).</summary>
internal static class AddressLimits
{
    /// <summary>RFC 5321 §4.5.3.1.1.</summary>
    public const int LocalPart = 64;

    /// <summary>RFC 1035 §2.3.4: 255 octets on the wire of DNS, which is 253 characters of text without the root dot.</summary>
    public const int Domain = 253;

    /// <summary>RFC 1035 §2.3.4.</summary>
    public const int Label = 63;

    /// <summary>RFC 5321 §4.5.3.1.3: a path is 256 octets, two of which are the angle brackets.</summary>
    public const int Address = 254;

    /// <summary>
    /// No text longer than this is looked at. Generous: each of the 64 octets may be a quoted pair and each
    /// character of the domain may stand for several of its A-label.
    /// </summary>
    public const int Text = 1_024;
}
