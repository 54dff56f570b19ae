using System.Buffers.Binary;

namespace Gateway.Throttling;

/// <summary>The arguments and the answer of the window scripts, packed as Lua's <c>struct</c> reads and writes them.</summary>
internal static class WindowCall
{
    private const int LimitBytes = 8 + 8 + 1 + 1 + 1;
    private const int AllowanceBytes = 4 + 4 + 8;
    private const int UseBytes = 8 + 8 + 8 + 1 + 4;

    public static byte[] Limits(IReadOnlyList<ThrottleLimit> limits)
    {
        var packed = new byte[limits.Count * LimitBytes];
        for (var (i, at) = (0, 0); i < limits.Count; i++, at += LimitBytes)
        {
            var limit = limits[i];
            BinaryPrimitives.WriteDoubleLittleEndian(packed.AsSpan(at), limit.Cap);
            BinaryPrimitives.WriteDoubleLittleEndian(packed.AsSpan(at + 8), limit.Window.TotalMilliseconds);
            packed[at + 16] = (byte)limit.Kind;
            packed[at + 17] = limit.FromLedger ? (byte)1 : (byte)0;
            packed[at + 18] = limit.OtherKey is null ? NoOther : PlaceOf(limit.OtherKey, limits);
        }

        return packed;
    }

    /// <summary>No place: a call has at most 255 limits.</summary>
    private const byte NoOther = 255;

    private static byte PlaceOf(string key, IReadOnlyList<ThrottleLimit> limits)
    {
        for (var i = 0; i < limits.Count; i++)
        {
            if (limits[i].Key == key)
            {
                return (byte)i;
            }
        }

        throw new InvalidOperationException($"the other half {key} is not in the call");
    }

    public static byte[] Requests(IReadOnlyList<ThrottleRequest> requests)
    {
        var size = 0;
        foreach (var request in requests)
        {
            size += 4 + (request.Charges.Count * 5);
        }

        var packed = new byte[size];
        var at = 0;
        for (var from = 0; from < requests.Count; )
        {
            var request = requests[from];
            var next = from + 1;
            while (next < requests.Count && next - from < ushort.MaxValue && AreEqual(request, requests[next]))
            {
                next++;
            }

            packed[at] = request.Forced ? (byte)1 : (byte)0;
            BinaryPrimitives.WriteUInt16LittleEndian(packed.AsSpan(at + 1), (ushort)(next - from));
            packed[at + 3] = (byte)request.Charges.Count;
            at += 4;
            foreach (var charge in request.Charges)
            {
                packed[at] = (byte)charge.Limit;
                BinaryPrimitives.WriteUInt32LittleEndian(packed.AsSpan(at + 1), Units(charge.Units));
                at += 5;
            }

            from = next;
        }

        return packed[..at];
    }

    /// <summary>Messages of one batch mostly count for the same: Redis reads that once.</summary>
    private static bool AreEqual(ThrottleRequest one, ThrottleRequest other) =>
        ReferenceEquals(one, other) || (one.Forced == other.Forced && one.Charges.SequenceEqual(other.Charges));

    /// <summary>What to count ahead and what to take back, by limit; nothing at all where there is neither.</summary>
    public static byte[] Allowances(AllowanceAsk[] asks)
    {
        if (asks.All(a => a is { Wanted: 0, Unused: 0 }))
        {
            return [];
        }

        var packed = new byte[asks.Length * AllowanceBytes];
        for (var (i, at) = (0, 0); i < asks.Length; i++, at += AllowanceBytes)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(packed.AsSpan(at), Units(asks[i].Wanted));
            BinaryPrimitives.WriteUInt32LittleEndian(packed.AsSpan(at + 4), Units(asks[i].Unused));
            BinaryPrimitives.WriteDoubleLittleEndian(packed.AsSpan(at + 8), asks[i].Bucket);
        }

        return packed;
    }

    public static ThrottleOutcome Read(
        ReadOnlySpan<byte> answer,
        IReadOnlyList<ThrottleLimit> limits,
        IReadOnlyList<ThrottleRequest> requests
    )
    {
        if (answer[0] == 1)
        {
            var missing = new int[answer.Length - 1];
            for (var i = 0; i < missing.Length; i++)
            {
                missing[i] = answer[i + 1];
            }

            return new ThrottleOutcome([], [], missing, Local: false);
        }

        var now = BinaryPrimitives.ReadDoubleLittleEndian(answer[1..]);
        answer = answer[9..];
        var decisions = new List<Decision>(requests.Count);
        foreach (var request in requests)
        {
            var decision = ReadDecision(ref answer, limits, now);
            if (!request.Forced)
            {
                decisions.Add(decision);
            }
        }

        var uses = new LimitUse[limits.Count];
        for (var i = 0; i < uses.Length; i++, answer = answer[UseBytes..])
        {
            uses[i] = new LimitUse(
                (long)BinaryPrimitives.ReadDoubleLittleEndian(answer),
                After(now, BinaryPrimitives.ReadDoubleLittleEndian(answer[8..])),
                BinaryPrimitives.ReadDoubleLittleEndian(answer[16..]),
                Warn: (answer[24] & 1) != 0,
                Reached: (answer[24] & 2) != 0
            )
            {
                Granted = BinaryPrimitives.ReadUInt32LittleEndian(answer[25..]),
            };
        }

        return new ThrottleOutcome(decisions, uses, [], Local: false) { DecidedAt = now };
    }

    /// <summary>What a request that was admitted gives back, one entry for each of its limits.</summary>
    public static byte[] Refund(
        IReadOnlyList<ThrottleLimit> limits,
        IReadOnlyList<LimitUse> uses,
        ThrottleRequest request,
        IReadOnlyList<Turn> turns
    )
    {
        const int bytes = 1 + 4 + 8 + 8 + 8;
        var packed = new byte[request.Charges.Count * bytes];
        for (var (i, at) = (0, 0); i < request.Charges.Count; i++, at += bytes)
        {
            var charge = request.Charges[i];
            var limit = limits[charge.Limit];
            var first = turns.FirstOrDefault(t => t.Limit == charge.Limit).First;
            var place = first > 0 ? limit.BucketMilliseconds : uses[charge.Limit].Bucket;
            packed[at] = (byte)limit.Kind;
            BinaryPrimitives.WriteUInt32LittleEndian(packed.AsSpan(at + 1), Units(charge.Units));
            BinaryPrimitives.WriteDoubleLittleEndian(packed.AsSpan(at + 5), place);
            BinaryPrimitives.WriteDoubleLittleEndian(
                packed.AsSpan(at + 13),
                limit.Window.TotalMilliseconds / limit.Cap
            );
            BinaryPrimitives.WriteDoubleLittleEndian(packed.AsSpan(at + 21), first);
        }

        return packed;
    }

    /// <param name="ages">Units by age in hundredths of the window; of a month the first entry is its sum.</param>
    public static byte[] Seed(ThrottleLimit limit, IReadOnlyList<long> ages)
    {
        var isMonth = limit.Kind == ThrottleKind.Month;
        var packed = new byte[9 + (isMonth ? 8 : 4 * WindowAges)];
        BinaryPrimitives.WriteDoubleLittleEndian(packed, limit.Window.TotalMilliseconds);
        packed[8] = (byte)limit.Kind;
        if (isMonth)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(packed.AsSpan(9), ages.Count > 0 ? ages[0] : 0);
            return packed;
        }

        for (var age = 0; age < WindowAges; age++)
        {
            var units = age < ages.Count ? ages[age] : 0;
            BinaryPrimitives.WriteUInt32LittleEndian(packed.AsSpan(9 + (4 * age)), Units(units));
        }

        return packed;
    }

    /// <summary>The present bucket and the hundred before it.</summary>
    public const int WindowAges = 101;

    private static Decision ReadDecision(ref ReadOnlySpan<byte> answer, IReadOnlyList<ThrottleLimit> limits, double now)
    {
        var (code, count) = (answer[0], answer[1]);
        answer = answer[2..];
        if (code == 1)
        {
            var opens = After(now, BinaryPrimitives.ReadDoubleLittleEndian(answer));
            answer = answer[8..];
            return new Decision.Refused(count, opens);
        }

        if (count == 0)
        {
            return Decision.AdmittedNow;
        }

        var turns = new Turn[count];
        for (var i = 0; i < count; i++, answer = answer[9..])
        {
            var limit = limits[answer[0]];
            var first = BinaryPrimitives.ReadDoubleLittleEndian(answer[1..]);
            turns[i] = new Turn(answer[0], After(now, first), limit.Window / limit.Cap, first);
        }

        return new Decision.Admitted(turns);
    }

    private static TimeSpan After(double now, double then) =>
        then > now ? TimeSpan.FromMilliseconds(then - now) : TimeSpan.Zero;

    private static uint Units(long units) => (uint)Math.Clamp(units, 0, uint.MaxValue);
}
