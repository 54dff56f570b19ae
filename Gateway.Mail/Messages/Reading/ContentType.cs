namespace Gateway.Mail.Messages;

/// <summary>Content-Type (RFC 2045 §5.1): type and subtype in lower case, parameters decoded (RFC 2231).</summary>
/// <param name="Subtype">Null when the field names no subtype; such a field is invalid and a part never has it.</param>
public sealed record ContentType(string Type, string? Subtype, IReadOnlyList<MimeParameter> Parameters)
{
    /// <summary>RFC 2045 §5.2: what a part without a Content-Type is.</summary>
    public static ContentType TextPlain { get; } = new("text", "plain", []);

    /// <summary>RFC 2046 §5.1.5: what a digest's part without a Content-Type is.</summary>
    public static ContentType MessageRfc822 { get; } = new("message", "rfc822", []);

    /// <summary>"type/subtype".</summary>
    public string MediaType => Subtype is null ? Type : $"{Type}/{Subtype}";

    public bool IsMultipart => Type == "multipart";

    /// <summary>True if the body is a whole message: message/rfc822 or message/global (RFC 6532 §3.7).</summary>
    public bool IsMessage => Type == "message" && Subtype is "rfc822" or "global";

    public bool IsText => Type == "text";

    public string? Charset => Parameter("charset");

    /// <summary>True for that type and subtype; both in lower case.</summary>
    public bool Is(string type, string subtype) => Type == type && Subtype == subtype;

    /// <summary>The first parameter of that name, decoded; names do not differ by case.</summary>
    public string? Parameter(string name) => MimeParameters.Find(Parameters, name);

    /// <summary>Null if the value names no type. Lenient: comments, stray semicolons and missing ones are survived.</summary>
    public static ContentType? Parse(ReadOnlySpan<byte> rawValue) =>
        Parse(rawValue, MimeLimits.Default.MaxParameters, out _);

    internal static ContentType? Parse(ReadOnlySpan<byte> rawValue, int maxParameters, out bool tooMany)
    {
        var reader = new ParameterReader(rawValue);
        tooMany = false;
        if (!reader.TryReadType(out var type, out var subtype))
        {
            return null;
        }

        var parameters = MimeParameters.Read(ref reader, maxParameters, out tooMany);
        return new ContentType(type, subtype, parameters);
    }
}
