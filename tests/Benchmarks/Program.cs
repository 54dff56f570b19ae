using Gateway.Benchmarks;
using Gateway.Benchmarks.Sink;

// dotnet run -c Release --project tests/Benchmarks -- mail dkim …; without a name, all of them.
if (args is [SinkProcess.Name])
{
    return await SinkProcess.RunAsync();
}

var names = args.Length > 0 ? args : [.. Catalogue.All.Keys];
if (names.FirstOrDefault(name => !Catalogue.All.ContainsKey(name)) is { } unknown)
{
    Console.Error.WriteLine($"no benchmark is called {unknown}; there are: {string.Join(", ", Catalogue.All.Keys)}");
    return 2;
}

var machine = Machine.Look();
Console.WriteLine(machine);
foreach (var name in names)
{
    Console.WriteLine($"\n== {name}\n");
    await Catalogue.All[name]();
}

Console.WriteLine($"\n{machine.Since()}");
return 0;
