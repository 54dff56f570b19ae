using System.Globalization;
using Gateway.Api.Reading;

namespace Gateway.Api.Manage;

/// <summary>One day or month of a usage list, UTC.</summary>
internal readonly record struct UsagePeriod(DateOnly First, DateOnly Below)
{
    public string Name(bool isMonth) =>
        First.ToString(isMonth ? "yyyy-MM" : "yyyy-MM-dd", CultureInfo.InvariantCulture);
}

/// <summary>Which periods are counted, newest first; bounded, since each is counted in the ledger.</summary>
internal sealed record UsageRange(bool ByMonth, IReadOnlyList<UsagePeriod> Periods, string? Next)
{
    public const int DefaultDays = 7;
    public const int MostDays = 31;
    public const int MostMonths = 3;

    /// <summary>The ledger drops a day at 65 days at the earliest; what is older may be there only in part.</summary>
    private const int OldestDays = 100;

    public static UsageRange Read(QueryFields query, DateOnly today)
    {
        var byMonth = query.OneOf("by", ["day", "month"]) == "month";
        var limit = byMonth ? query.Number("limit", 1, MostMonths, 1) : query.Number("limit", 1, MostDays, DefaultDays);
        var oldest = today.AddDays(-OldestDays);
        var at = ReadCursor(query, today);
        var periods = new List<UsagePeriod>(limit);
        while (periods.Count < limit && at >= oldest)
        {
            var first = byMonth ? new DateOnly(at.Year, at.Month, 1) : at;
            periods.Add(new UsagePeriod(first, byMonth ? first.AddMonths(1) : first.AddDays(1)));
            at = first.AddDays(-1);
        }

        return new UsageRange(
            byMonth,
            periods,
            at >= oldest ? at.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : null
        );
    }

    private static DateOnly ReadCursor(QueryFields query, DateOnly today)
    {
        if (query.Text("cursor") is not { } text)
        {
            return today;
        }

        if (
            DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            && day <= today
        )
        {
            return day;
        }

        query.Refuse("cursor", text, IdCursor.Accepted);
        return today;
    }
}
