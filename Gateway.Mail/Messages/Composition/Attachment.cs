using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>A file in a message. Each property checks itself: what could break a header cannot be held.</summary>
public sealed record Attachment
{
    /// <summary>Of a file name, in UTF-16 units.</summary>
    public const int MaxFileName = 1_024;

    /// <summary>Of a Content-ID, in octets: on one line with its field name.</summary>
    public const int MaxContentId = 250;

    /// <summary>Shown to the receiver, who decides where it is stored; any Unicode without controls, or empty.</summary>
    /// <exception cref="ArgumentException">It holds a control character or is too long.</exception>
    public required string FileName
    {
        get;
        init => field = Checked(value, TryCheckFileName(value, out var error), error, nameof(FileName));
    }

    /// <summary>A media type with its parameters, such as <c>text/calendar; method=REQUEST</c> (RFC 2045 §5.1).</summary>
    /// <exception cref="ArgumentException">It is not one, or is a <c>multipart</c> type.</exception>
    public required string ContentType
    {
        get;
        init =>
            field = Checked(value, AttachmentType.TryParse(value, out _, out var error), error, nameof(ContentType));
    }

    /// <summary>The bytes. Not copied; they must not change before the message is composed.</summary>
    public ReadOnlyMemory<byte> Content { get; init; }

    /// <summary>What <c>cid:</c> links in the HTML name, without angle brackets (RFC 2392), or null.</summary>
    /// <exception cref="ArgumentException">It holds anything but visible ASCII, or '&lt;' or '&gt;'.</exception>
    public string? ContentId
    {
        get;
        init => field = Checked(value, TryCheckContentId(value, out var error), error, nameof(ContentId));
    }

    /// <summary>True if it is shown in the text rather than listed beside it.</summary>
    public bool Inline { get; init; }

    /// <summary>Makes an attachment, or says which property is refused and why.</summary>
    public static bool TryCreate(
        string fileName,
        string contentType,
        ReadOnlyMemory<byte> content,
        string? contentId,
        bool inline,
        [NotNullWhen(true)] out Attachment? attachment,
        out HeaderError error
    )
    {
        attachment = null;
        if (
            !TryCheckFileName(fileName, out error)
            || !AttachmentType.TryParse(contentType, out _, out error)
            || !TryCheckContentId(contentId, out error)
        )
            return false;
        attachment = new Attachment
        {
            FileName = fileName,
            ContentType = contentType,
            Content = content,
            ContentId = contentId,
            Inline = inline,
        };
        return true;
    }

    private static bool TryCheckFileName(string? value, out HeaderError error)
    {
        if (!HeaderText.TryCheck(value, MaxFileName, out error))
            return false;
        var tab = value?.IndexOf('\t', StringComparison.Ordinal) ?? -1;
        if (tab >= 0)
            error = new("control_character", "A file name holds no tab.", tab);
        return tab < 0;
    }

    private static bool TryCheckContentId(string? value, out HeaderError error)
    {
        error = default;
        if (value is null)
            return true;
        if (value.Length is 0 or > MaxContentId)
            error = new("content_id_length", $"A content id has 1 to {MaxContentId} characters.", 0);
        else if (value.AsSpan().IndexOfAnyExceptInRange('!', '~') is var at and >= 0)
            error = new("content_id_character", "A content id holds visible ASCII characters only.", at);
        else if (value.AsSpan().IndexOfAny('<', '>') is var angle and >= 0)
            error = new("content_id_character", "Write the content id without angle brackets.", angle);
        return error.Code is null;
    }

    private static T Checked<T>(T value, bool accepted, HeaderError error, string property) =>
        accepted ? value : throw new ArgumentException(error.Message, property);

    private bool PrintMembers(StringBuilder text)
    {
        text.Append(FileName).Append(", ").Append(ContentType).Append(", ").Append(Content.Length).Append(" bytes");
        return true;
    }
}
