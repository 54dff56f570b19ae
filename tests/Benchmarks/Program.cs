using Gateway.Benchmarks;

// dotnet run -c Release --project tests/Benchmarks -- mail|dkim|smtp|throttle …; without a name, all of them.
var benchmarks = new Dictionary<string, Func<Task>>(StringComparer.Ordinal)
{
    ["mail"] = MailBenchmarks.RunAsync,
    ["dkim"] = DkimBenchmarks.RunAsync,
    ["smtp"] = SmtpBenchmarks.RunAsync,
    ["throttle"] = ThrottleBenchmarks.RunAsync,
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
