using System.Globalization;
using SystemTests.Installed;

namespace SystemTests.History;

/// <summary>Whose clock is wrong in a run, and whether these hosts really see it so.</summary>
internal sealed class RunClocks(HistoryPlan plan)
{
    private static readonly (string Host, int Place) AWorker = ("Gateway.Worker", 0);
    private static readonly (string Host, int Place) AnApi = ("Gateway.Api", 0);

    private readonly TimeSpan ofTheWorker = plan.Seed % 2 == 0 ? plan.WrongClocks : -plan.WrongClocks;
    private bool areSet;

    /// <summary>For the page.</summary>
    public string Seen { get; private set; } = "all right";

    public async Task<IReadOnlyDictionary<(string Host, int Place), Dictionary<string, string?>>> SetAsync(
        string folder
    )
    {
        var own = new Dictionary<(string, int), Dictionary<string, string?>>();
        if (plan.WrongClocks == TimeSpan.Zero)
        {
            return own;
        }

        if (await WrongClock.CompileAsync(folder) is not { } clock)
        {
            Seen = "all right, because this machine has no C compiler (cc) to set one wrong";
            return own;
        }

        areSet = true;
        own[AWorker] = clock.By(ofTheWorker);
        own[AnApi] = clock.By(-ofTheWorker);
        return own;
    }

    /// <summary>Fails where a host does not see the wrong time: the run would prove nothing.</summary>
    public async Task SeeAsync(Installation installation)
    {
        if (!areSet)
        {
            return;
        }

        var (worker, api) = (
            await WrongClock.OfAsync(installation.Workers[0]),
            await WrongClock.OfAsync(installation.Apis[0])
        );
        Seen = string.Create(
            CultureInfo.InvariantCulture,
            $"one Worker {worker.TotalSeconds:+0;-0} s, one Api {api.TotalSeconds:+0;-0} s"
        );
        Assert.True((worker - ofTheWorker).Duration() < TimeSpan.FromSeconds(5), Seen);
        Assert.True((api + ofTheWorker).Duration() < TimeSpan.FromSeconds(5), Seen);
    }
}
