namespace SystemTests;

/// <summary>Each of these tests needs the machine for itself: they come one after the other.</summary>
[CollectionDefinition("machine", DisableParallelization = true)]
public sealed class Machine;
