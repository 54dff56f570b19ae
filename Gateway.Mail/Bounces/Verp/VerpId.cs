namespace Gateway.Mail.Bounces;

/// <summary>What a VERP address carries: which delivery, and which of its attempts.</summary>
/// <param name="Delivery">The delivery's id.</param>
/// <param name="Attempt">The attempt's number, from 0.</param>
/// <param name="Epoch">Whose key signed it.</param>
public readonly record struct VerpId(Guid Delivery, ushort Attempt, byte Epoch);
