using System.Text;
using Armada.Core.Engine;
using Armada.Core.Frames;
using Armada.Core.Routing;
using Armada.Core.Time;
using Armada.Core.Topics;
using Armada.Mqtt;
using Armada.Silo;
using Armada.Silo.Engine;
using Armada.Silo.Ingress;
using Armada.Silo.Options;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Engine;
using Armada.Testing.Logging;
using Armada.Tests.Silo.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Armada.Tests.Silo.Engine.Conformance;

/// <summary>The in-process engine on real files, with a link without broker and time that goes on by hand.</summary>
internal sealed class InProcessRig(FailOnLoggedErrors logs, HeardByDevices devices) : IEngineUnderTest
{
    private const int NotStored = 1002;
    private const int PartyFault = 1103;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);
    private static readonly TopicMap Topics = new();

    private readonly TempFolder folder = new();
    private readonly HandTime time = new();
    private ServiceProvider? services;

    public IReadOnlyList<IRobotEngine> Doors => [Engine];

    public Timestamp Now => Of<SiloClock>().Now();

    private InProcessEngine Engine => Of<InProcessEngine>();

    public async Task StartAsync()
    {
        var collection = new ServiceCollection();
        collection.AddLogging(logging => logging.AddProvider(logs));
        collection.AddSilo(new SiloOptions { DataDirectory = folder.Path });
        collection.AddSingleton<IMqttLink>(new QuietLink { OnPublish = devices.Hear });
        collection.AddSingleton<TimeProvider>(time);
        services = collection.BuildServiceProvider();
        await Engine.LoadAsync(CancellationToken.None);
    }

    public async Task RestartAsync()
    {
        await services!.DisposeAsync();
        await StartAsync();
    }

    public async Task PassAsync(TimeSpan span)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += Tick)
        {
            time.Advance(Tick);
            foreach (var cell in Engine.Cells)
                cell.Tick();
            await Engine.ListAsync(CancellationToken.None); // The ticks of cells that were busy are over as well.
        }
    }

    public void Send(string device, in SampleStamp stamp, ReadOnlySpan<double> positions)
    {
        Span<byte> frame = stackalloc byte[FrameCodec.MaxSize];
        var length = DeviceEar.WriteState(frame, stamp, positions);
        Of<FrameIngress>().OnState(Encoding.UTF8.GetBytes(Topics.Of(device, Channel.State)), frame[..length]);
    }

    public IDisposable BreakStorage(string robot)
    {
        logs.Expect(NotStored);
        return new BrokenFile(Path.Combine(folder.Path, "robots", robot + ".json"));
    }

    public void ExpectPartyFault() => logs.Expect(PartyFault);

    public async ValueTask DisposeAsync()
    {
        if (services is not null)
            await services.DisposeAsync();
        folder.Dispose();
    }

    private T Of<T>() where T : notnull => services!.GetRequiredService<T>();
}
