using System.Diagnostics.CodeAnalysis;

namespace Gateway.Mail.Messages;

/// <summary>A header that the sender adds to the message: its name is not reserved and its value cannot end the line.</summary>
public sealed record HeaderField
{
    private HeaderField(HeaderName name, HeaderText value)
    {
        Name = name;
        Value = value;
    }

    /// <summary>Never <see cref="HeaderName.IsReserved"/>.</summary>
    public HeaderName Name { get; }

    /// <summary>The decoded value.</summary>
    public HeaderText Value { get; }

    /// <summary>Checks name and value.</summary>
    public static bool TryCreate(
        string? name,
        string? value,
        [NotNullWhen(true)] out HeaderField? field,
        out HeaderError error
    )
    {
        field = null;
        if (!HeaderName.TryCreate(name, out var checkedName, out error))
            return false;
        if (checkedName.IsReserved)
        {
            error = new(
                "header_reserved",
                $"{checkedName} is written by the gateway; use the message's own fields.",
                0
            );
            return false;
        }

        if (!HeaderText.TryCreate(value, out var text, out error))
            return false;
        field = new HeaderField(checkedName, text);
        return true;
    }
}
