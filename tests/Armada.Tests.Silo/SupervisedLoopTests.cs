using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Armada.Core.Control;
using Armada.Core.Devices;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Grains.Robots;
using Armada.Silo;
using Armada.Silo.Access;
using Armada.Silo.Provisioning;
using Armada.Silo.Remotes;
using Armada.Silo.Rooms;
using Armada.Silo.Sockets;
using Armada.Silo.Telemetry;
using Armada.Testing;
using Armada.Testing.Logging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Armada.Tests.Silo;

/// <summary>Whatever a loop calls may throw anything: the fault is logged, and the loop goes on.</summary>
public sealed class SupervisedLoopTests
{
    [Theory]
    [InlineData(nameof(DeviceShadows), 1900)]
    [InlineData(nameof(RoomCleanup), 1900)]
    [InlineData(nameof(CertificateRenewal), 1900)]
    [InlineData(nameof(DeviceLastSeen), 1900)]
    [InlineData(nameof(RemoteSlaves), 1324)]
    public async Task A_loop_survives_every_fault_of_what_it_calls(string loop, int logged)
    {
        await using var rig = new Rig();
        rig.Logs.Expect(logged);
        var (service, stimulate) = rig.Create(loop);
        await service.StartAsync(default);

        await Eventually.Holds(() => $"it calls on; it has called {rig.Calls} times", () =>
        {
            stimulate();
            rig.Time.Advance(TimeSpan.FromMinutes(61));
            return rig.Calls >= 4;
        });

        await service.StopAsync(default);
        Assert.True(rig.Logs.Of(logged).Count >= 3);
    }

    [Fact]
    public async Task A_step_that_fails_is_repeated_later_and_later_until_it_succeeds()
    {
        using var logs = new FailOnLoggedErrors();
        logs.Expect(1900);
        using var ending = new CancellationTokenSource();
        var time = new HandTime();
        var steps = 0;
        var running = SupervisedLoop.RunAsync(
            "A test",
            async cancellation =>
            {
                if (Interlocked.Increment(ref steps) < 5)
                    throw new InvalidOperationException("not yet");
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
            },
            time,
            logs.For<SupervisedLoopTests>(),
            ending.Token);

        await Eventually.Holds("it succeeds", () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return Volatile.Read(ref steps) == 5;
        });
        await ending.CancelAsync();
        await running;

        Assert.Equal(4, logs.Of(1900).Count);
    }

    /// <summary>An implementation of any interface that throws whatever is called, and counts that.</summary>
    [SuppressMessage("Performance", "CA1852", Justification = "DispatchProxy derives from it.")]
    private class Faulty : DispatchProxy
    {
        private Rig rig = null!;

        public static T Of<T>(Rig rig)
            where T : class
        {
            var made = Create<T, Faulty>();
            ((Faulty)(object)made).rig = rig;
            return made;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            rig.Count();
            throw new InvalidOperationException($"{targetMethod!.Name} failed");
        }
    }

    /// <summary>An implementation of any interface that does nothing and gives the same of what it is asked for.</summary>
    [SuppressMessage("Performance", "CA1852", Justification = "DispatchProxy derives from it.")]
    private class Quiet : DispatchProxy
    {
        public static T Of<T>()
            where T : class => Create<T, Quiet>();

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            targetMethod!.ReturnType == typeof(Task) ? Task.CompletedTask : Create(targetMethod.ReturnType, typeof(Quiet));
    }

    private sealed class Rig : IAsyncDisposable
    {
        private readonly TempFolder folder = new();
        private readonly ServiceProvider services;
        private IHostedService? created;
        private int calls;

        public Rig()
        {
            var collection = new ServiceCollection();
            collection.AddMetrics();
            collection.AddSingleton(Faulty.Of<IDeviceRegistry>(this));
            services = collection.BuildServiceProvider();
        }

        public HandTime Time { get; } = new();

        public FailOnLoggedErrors Logs { get; } = new();

        public int Calls => Volatile.Read(ref calls);

        public void Count() => Interlocked.Increment(ref calls);

        public (IHostedService Service, Action Stimulate) Create(string loop)
        {
            var engine = Faulty.Of<IRobotEngine>(this);
            var clock = new SiloClock(Time);
            Action stimulate = () => { };
            switch (loop)
            {
                case nameof(DeviceShadows):
                    created = new DeviceShadows(Faulty.Of<IDeviceShadow>(this), engine, Time, Logs.For<DeviceShadows>());
                    break;
                case nameof(RoomCleanup):
                    var rooms = new OpenRooms(clock, new SiloTelemetry(services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>()));
                    created = new RoomCleanup(new RoomCatalog(engine), rooms, new RoomRemoval(engine, rooms, Faulty.Of<IAuditTrail>(this)), Logs.For<RoomCleanup>());
                    break;
                case nameof(CertificateRenewal): // The registry fails before anything else is used.
                    created = new CertificateRenewal(
                        services.GetRequiredService<IDeviceRegistry>(), null!, null!, null!, Time, Logs.For<CertificateRenewal>());
                    break;
                case nameof(DeviceLastSeen):
                    var seen = new DeviceLastSeen(services, Quiet.Of<IGrainFactory>(), Time, Logs.For<DeviceLastSeen>());
                    var fingerprint = 0;
                    stimulate = () => seen.Record("arm", new Presence(Online: true, Certificate: $"{fingerprint++:x64}"), wasOnline: true);
                    created = seen;
                    break;
                case nameof(RemoteSlaves):
                    var remotes = new RemoteSlaves(new RemoteServices(
                        () => engine, RemoteKeys.None, new SocketLimits(), new RemoteTiming(), clock, Logs.For<RemoteSlave>()));
                    remotes.Reconcile("arm", [new SlaveBinding("far", SlaveKind.Remote, "ws://127.0.0.1:1/ws/slave/far", [])]);
                    created = remotes;
                    break;
            }

            return (created!, stimulate);
        }

        public async ValueTask DisposeAsync()
        {
            (created as IDisposable)?.Dispose();
            await services.DisposeAsync();
            folder.Dispose();
            Logs.Dispose();
        }
    }
}
