namespace Gateway.Worker.Delivery;

/// <summary>A delivery that this worker leased. The fence tells its writes from those of an earlier holder.</summary>
public readonly record struct Claim(Guid TenantId, Guid MessageId, Guid DeliveryId, string Stream, long Fence);
