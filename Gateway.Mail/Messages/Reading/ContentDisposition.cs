namespace Gateway.Mail.Messages;

/// <summary>Content-Disposition (RFC 2183): the kind in lower case, parameters decoded.</summary>
public sealed record ContentDisposition(string Kind, IReadOnlyList<MimeParameter> Parameters)
{
    public bool IsInline => Kind == "inline";

    /// <summary>RFC 2183 §2.8: every kind that is not inline is to be treated as attachment.</summary>
    public bool IsAttachment => Kind != "inline";

    public string? FileName => Parameter("filename");

    public string? Parameter(string name) => MimeParameters.Find(Parameters, name);

    /// <summary>Null if the value names no kind.</summary>
    public static ContentDisposition? Parse(ReadOnlySpan<byte> rawValue)
    {
        var reader = new ParameterReader(rawValue);
        return reader.TryReadType(out var kind, out _)
            ? new ContentDisposition(kind, MimeParameters.Read(ref reader, MimeLimits.Default.MaxParameters, out _))
            : null;
    }
}
