using Armada.Core.Engine;
using Armada.Grains.Robots;
using Armada.Mqtt;
using Armada.Silo;
using Armada.Silo.Options;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Engine;
using Armada.Testing.Logging;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Armada.Tests.Silo.Support;

/// <summary>A whole silo whose link reaches no broker and whose robots are ticked by the test.</summary>
internal sealed class QuietSilo : IAsyncDisposable
{
    private readonly TempFolder folder = new();
    private readonly WebApplication silo;

    private QuietSilo(Action<IServiceCollection>? adjust) => silo = SiloHost.Build(
        new SiloOptions { DataDirectory = folder.Path, Http = new() { Urls = [new Uri("http://127.0.0.1:0")] } },
        logging => logging.AddProvider(Logs),
        services =>
        {
            services.Remove(services.Single(service => service.ServiceType == typeof(IHostedService) && service.ImplementationType == typeof(TickLoop)));
            services.AddSingleton<IMqttLink>(Link);
            adjust?.Invoke(services);
        });

    public FailOnLoggedErrors Logs { get; } = new();

    public QuietLink Link { get; } = new();

    public IRobotEngine Engine => Service<IRobotEngine>();

    public HostedRobots Robots => Service<HostedRobots>();

    public static async Task<QuietSilo> StartAsync(Action<IServiceCollection>? adjust = null)
    {
        var quiet = new QuietSilo(adjust);
        await quiet.silo.StartAsync();
        return quiet;
    }

    /// <summary>A part of it.</summary>
    public T Service<T>()
        where T : notnull => silo.Services.GetRequiredService<T>();

    /// <summary>Makes every write of a robot's document fail, until the result is disposed.</summary>
    public IDisposable BreakStorage(string robot)
    {
        Logs.Expect(NotStored).Expect("LogNotWritten");
        return new BrokenRecord(Path.Combine(folder.Path, "armada.db"), robot);
    }

    public async ValueTask DisposeAsync()
    {
        SiloStops.Begin();
        await silo.StopAsync();
        await silo.DisposeAsync();
        folder.Dispose();
        Logs.Dispose();
    }

    /// <summary>Event id of what is logged when a document could not be stored.</summary>
    private const int NotStored = 1603;
}
