namespace AppHost.Embedded.Running;

/// <summary>
/// <c>--only=ledger,redis</c> runs a part of the model, with what that part waits for; the rest counts as there. So
/// one host can run in a debugger beside it.
/// </summary>
internal static class Only
{
    public static HashSet<Resource> Of(string? names, IReadOnlyCollection<Resource> all)
    {
        if (string.IsNullOrWhiteSpace(names))
        {
            return [.. all];
        }

        var wanted = new HashSet<Resource>();
        foreach (var name in names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var resource =
                all.FirstOrDefault(r => r.Name == name)
                ?? throw new SetupException($"--only={names}: there is no {name}. There are: {Names(all)}.");
            Add(resource, wanted);
        }

        return wanted;
    }

    private static void Add(Resource resource, HashSet<Resource> wanted)
    {
        if (wanted.Add(resource))
        {
            resource.Waits.ForEach(wait => Add(wait.Resource, wanted));
        }
    }

    private static string Names(IEnumerable<Resource> all) => string.Join(", ", all.Select(r => r.Name));
}
