using Gateway.Api.Problems;

namespace Gateway.Api.Telemetry;

/// <summary>Around one endpoint of a door: the span of its acceptance, and the count of what it refuses.</summary>
internal sealed class DoorFilter(string door, bool carriesMany = false) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        // Of many messages each has a span of its own.
        using var span = carriesMany ? null : DoorTelemetry.StartAccept(door);
        var result = await next(context);
        if (result is ProblemResult { Problem: var problem })
        {
            DoorTelemetry.CountRefused(door, problem);
        }

        return result;
    }
}
