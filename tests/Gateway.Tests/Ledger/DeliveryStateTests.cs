using Gateway.Ledger;

namespace Gateway.Tests.Ledger;

/// <summary>The state table of docs/architecture.md, row by row; the switch must say exactly this.</summary>
public sealed class DeliveryStateTests
{
    private static readonly Dictionary<string, string> Table = new()
    {
        [""] = "queued suppressed held",
        ["queued"] = "sending deferred held delivered suppressed expired cancelled",
        ["deferred"] = "sending deferred queued held delivered bounced suppressed expired cancelled",
        ["sending"] = "sent delivered deferred held unknown bounced expired queued",
        ["unknown"] = "sending sent delivered deferred queued held bounced suppressed expired cancelled",
        ["held"] = "queued delivered cancelled expired",
        ["sent"] = "delivered bounced queued held",
        ["delivered"] = "bounced",
        ["bounced"] = "",
        ["suppressed"] = "",
        ["expired"] = "",
        ["cancelled"] = "",
    };

    [Fact]
    public void The_switch_is_the_table()
    {
        foreach (var from in DeliveryState.All.Prepend(""))
        {
            var allowed = Table[from].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            foreach (var to in DeliveryState.All)
            {
                Assert.True(
                    DeliveryState.MayFollow(from.Length == 0 ? null : from, to) == allowed.Contains(to),
                    $"'{from}' → '{to}' differs between the table and the code"
                );
            }
        }
    }

    [Fact]
    public void Only_a_delivered_end_has_a_correction()
    {
        foreach (var end in DeliveryState.All.Where(DeliveryState.IsEnd))
        {
            Assert.Equal(
                end == DeliveryState.Delivered ? [DeliveryState.Bounced] : [],
                DeliveryState.All.Where(to => DeliveryState.MayFollow(end, to))
            );
        }
    }
}
