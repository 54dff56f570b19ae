namespace SystemTests;

/// <summary>Floods and campaigns need the machine for themselves: they come one after the other.</summary>
[CollectionDefinition("machine", DisableParallelization = true)]
public sealed class Machine;
