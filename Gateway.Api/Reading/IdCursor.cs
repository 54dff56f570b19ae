using System.Buffers.Text;

namespace Gateway.Api.Reading;

/// <summary>The place in a newest-first list: everything after it has a lesser id. Opaque to callers.</summary>
internal static class IdCursor
{
    // The first byte names the list's kind, so that a cursor of the events is not taken for one of these.
    private const byte Kind = 1;
    private const int Length = 17;
    public const string Accepted = "'next' of the page before, unchanged";

    public static string Write(Guid last)
    {
        Span<byte> bytes = stackalloc byte[Length];
        bytes[0] = Kind;
        last.TryWriteBytes(bytes[1..], bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>The ids of the page are below the result; <see cref="LedgerIds.Highest"/> where no cursor is given.</summary>
    public static Guid Read(QueryFields query)
    {
        if (query.Text("cursor") is not { } text)
        {
            return LedgerIds.Highest;
        }

        if (PlaceOf(text) is { } place)
        {
            return place;
        }

        query.Refuse("cursor", text, Accepted);
        return LedgerIds.Highest;
    }

    /// <summary>The ids of the page are below the result; null for what is no cursor of these lists.</summary>
    public static Guid? PlaceOf(string text)
    {
        Span<byte> bytes = stackalloc byte[Length];
        return
            Base64Url.IsValid(text)
            && Base64Url.TryDecodeFromChars(text, bytes, out var written)
            && written == Length
            && bytes[0] == Kind
            ? new Guid(bytes[1..], bigEndian: true)
            : null;
    }
}
