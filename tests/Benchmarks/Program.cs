using Gateway.Benchmarks;
using Gateway.Benchmarks.Queue;
using Gateway.Benchmarks.Sink;
using Gateway.Benchmarks.Whole;

// dotnet run -c Release --project tests/Benchmarks -- mail dkim …; without a name, all of them.
if (args is [SinkProcess.Name])
{
    return await SinkProcess.RunAsync();
}

var benchmarks = new Dictionary<string, Func<Task>>(StringComparer.Ordinal)
{
    ["mail"] = MailBenchmarks.RunAsync,
    ["dkim"] = DkimBenchmarks.RunAsync,
    ["smtp"] = SmtpBenchmarks.RunAsync,
    ["accept"] = AcceptBenchmark.RunAsync,
    ["queue"] = QueueBenchmark.RunAsync,
    ["send"] = SendBenchmark.RunAsync,
    ["send1"] = SendBenchmark.RunPlainAsync,
    ["e2e"] = EndToEndBenchmark.RunAsync,
    ["latency"] = LatencyBenchmark.RunAsync,
    ["memory"] = MemoryBenchmark.RunAsync,
};
var names = args.Length > 0 ? args : [.. benchmarks.Keys];
if (names.FirstOrDefault(name => !benchmarks.ContainsKey(name)) is { } unknown)
{
    Console.Error.WriteLine($"no benchmark is called {unknown}; there are: {string.Join(", ", benchmarks.Keys)}");
    return 2;
}

var machine = Machine.Look();
Console.WriteLine(machine);
foreach (var name in names)
{
    Console.WriteLine($"\n== {name}\n");
    await benchmarks[name]();
}

Console.WriteLine($"\n{machine.Since()}");
return 0;
