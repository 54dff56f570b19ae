using Microsoft.AspNetCore.Http.Metadata;

namespace Gateway.Api.Problems;

/// <summary>The problems that an endpoint may answer, for the OpenAPI document.</summary>
internal static class ProblemDescription
{
    public static TBuilder DescribeProblems<TBuilder>(this TBuilder builder, params int[] statuses)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata([
            .. statuses.Select(status =>
                (object)new ProducesResponseTypeMetadata(status, typeof(ApiProblem), ["application/problem+json"])
            ),
        ]);
}
