using Microsoft.AspNetCore.Http.Metadata;

namespace Gateway.Api.Problems;

/// <summary>The problems that an endpoint may answer, for the OpenAPI document.</summary>
internal static class ProblemDescription
{
    private const string Identifier = "id";

    /// <summary>What every endpoint of a tenant may answer: a wrong key, a bad field, a ledger that is away; 404 where an id is named.</summary>
    public static RouteGroupBuilder DescribeProblems(this RouteGroupBuilder group)
    {
        ((IEndpointConventionBuilder)group).Add(endpoint =>
        {
            var names = ((RouteEndpointBuilder)endpoint).RoutePattern.Parameters.Select(p => p.Name);
            int[] missing = names.Contains(Identifier) ? [StatusCodes.Status404NotFound] : [];
            foreach (var status in (int[])[401, 403, .. missing, 422, 429, 503])
            {
                endpoint.Metadata.Add(Problem(status));
            }
        });
        return group;
    }

    /// <summary>What these endpoints may answer besides.</summary>
    public static TBuilder DescribeProblems<TBuilder>(this TBuilder builder, params int[] statuses)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata([.. statuses.Select(Problem)]);

    private static object Problem(int status) =>
        new ProducesResponseTypeMetadata(status, typeof(ApiProblem), ["application/problem+json"]);
}
