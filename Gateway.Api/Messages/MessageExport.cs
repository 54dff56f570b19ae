using System.Text;
using Gateway.Api.Reading;

namespace Gateway.Api.Messages;

/// <summary>A list as one CSV that is written while it is read: neither the ledger nor this host holds more than a page.</summary>
internal sealed class MessageExport(MessageList messages, Guid tenant, MessageFilter filter) : IResult
{
    /// <summary>Messages in one answer: some 30 MB, and a minute of reading at most.</summary>
    public const int Most = 100_000;

    private const int PageSize = 500;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (response, cancel) = (httpContext.Response, httpContext.RequestAborted);
        // The first page before the first byte: what goes wrong by then is still told as a problem.
        var page = await ReadAsync(filter.Below, cancel);
        response.ContentType = "text/csv; charset=utf-8";
        await response.WriteAsync(MessageCsv.Head, cancel);
        var csv = new StringBuilder();
        while (true)
        {
            MessageCsv.Add(csv.Clear(), page.Items);
            foreach (var chunk in csv.GetChunks())
            {
                await response.WriteAsync(chunk.ToString(), cancel);
            }

            if (page.Next is null)
            {
                return;
            }

            page = await ReadAsync(IdCursor.PlaceOf(page.Next)!.Value, cancel);
        }
    }

    private Task<MessagePage> ReadAsync(Guid below, CancellationToken cancel) =>
        messages.ReadAsync(tenant, filter with { Below = below, Limit = PageSize }, cancel);
}
