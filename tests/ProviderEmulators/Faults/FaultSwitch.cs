namespace ProviderEmulators.Faults;

/// <summary>The faults in force at one emulated provider; changed while it runs.</summary>
public sealed class FaultSwitch
{
    private readonly Lock gate = new();
    private readonly List<(Fault Fault, int Left)> active = [];

    public IReadOnlyList<Fault> Active
    {
        get
        {
            lock (gate)
            {
                return [.. active.Select(a => a.Left == int.MaxValue ? a.Fault : a.Fault with { Times = a.Left })];
            }
        }
    }

    public void Add(Fault fault)
    {
        lock (gate)
        {
            active.Add((fault, fault.Times ?? int.MaxValue));
        }
    }

    /// <summary>Lifts all: the provider is well again.</summary>
    public void Clear()
    {
        lock (gate)
        {
            active.Clear();
        }
    }

    /// <summary>The fault that happens at this step now, counted; null where all goes well.</summary>
    public Fault? Take(string step)
    {
        lock (gate)
        {
            var at = active.FindIndex(a => a.Fault.At.Equals(step, StringComparison.OrdinalIgnoreCase));
            if (at < 0)
            {
                return null;
            }

            var (fault, left) = active[at];
            if (left != int.MaxValue)
            {
                active[at] = (fault, left - 1);
                if (left == 1)
                {
                    active.RemoveAt(at);
                }
            }

            return fault;
        }
    }
}
