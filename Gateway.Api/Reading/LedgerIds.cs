using Gateway.Ledger;

namespace Gateway.Api.Reading;

/// <summary>Ids as they come in and as they bound a range.</summary>
internal static class LedgerIds
{
    /// <summary>Above every id: where a newest-first list begins.</summary>
    public static readonly Guid Highest = new("ffffffff-ffff-ffff-ffff-ffffffffffff");

    /// <summary>Only the spelling that the API itself gives.</summary>
    public static bool TryParse(string? text, out Guid id) => Guid.TryParseExact(text, "D", out id);

    /// <summary>The least id of that instant; before 1970 there was none.</summary>
    public static Guid From(DateTimeOffset time) =>
        time <= DateTimeOffset.UnixEpoch ? Guid.Empty : LedgerId.FirstOf(time);

    /// <summary>The least that is greater.</summary>
    public static Guid After(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        for (var at = bytes.Length - 1; at >= 0 && ++bytes[at] == 0; at--)
        {
            // Carried on.
        }

        return id == Highest ? Highest : new Guid(bytes, bigEndian: true);
    }

    public static Guid Least(Guid a, Guid b) => Compare(a, b) < 0 ? a : b;

    public static Guid Greatest(Guid a, Guid b) => Compare(a, b) < 0 ? b : a;

    /// <summary>In the database's order: by bytes, the first being the most significant.</summary>
    private static int Compare(Guid a, Guid b)
    {
        Span<byte> x = stackalloc byte[16];
        Span<byte> y = stackalloc byte[16];
        a.TryWriteBytes(x, bigEndian: true, out _);
        b.TryWriteBytes(y, bigEndian: true, out _);
        return x.SequenceCompareTo(y);
    }
}
