using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using Armada.Core.Devices;
using Armada.Core.MicroPython;
using Armada.Core.Topics;
using Armada.Mqtt;
using Armada.Silo.Identities;
using Armada.Silo.Identities.Broker;
using Armada.Silo.Identities.Registry;
using Armada.Silo.Options;
using Armada.Silo.Store;
using Armada.Testing;
using Armada.Testing.Logging;
using Armada.Testing.Network;
using Armada.Testing.Registry;

namespace Armada.Tests.Silo.Identities.Registry;

/// <summary>The own registry with its real broker, in a folder that stays over restarts.</summary>
internal sealed class OwnRig : IRegistryUnderTest
{
    private readonly FailOnLoggedErrors logs;
    private readonly TempFolder folder = new();
    private readonly ConcurrentDictionary<string, string> issued = new(StringComparer.Ordinal);
    private readonly int port = FreePort.Next();
    private DataFolder data = null!;
    private CertificateAuthority authority = null!;
    private IdentityHost host = null!;

    private OwnRig(FailOnLoggedErrors logs, int? plainPort) => (this.logs, PlainPort) = (logs, plainPort);

    public IDeviceRegistry Registry { get; private set; } = null!;

    public OwnRegistry Own { get; private set; } = null!;

    public SupervisedBroker Broker { get; private set; } = null!;

    public TempFolder Folder => folder;

    public string DataPath => folder.File("data");

    public string CaFile => Path.Combine(DataPath, "authority", "ca.pem");

    public int Port => port;

    public bool SignsTheRequestsKey => true;

    /// <summary>Port of the listener for anybody on this machine; null for none.</summary>
    public int? PlainPort { get; }

    public static async Task<OwnRig> StartAsync(FailOnLoggedErrors logs, int? plainPort = null)
    {
        var rig = new OwnRig(logs, plainPort);
        await rig.OpenAsync();
        return rig;
    }

    public Task<bool> IsTakenAsync(string device, string fingerprint) => VerifiesAsync(issued[fingerprint]);

    public async Task<int> CountTakenAsync()
    {
        var count = 0;
        foreach (var certificate in issued.Values)
            count += await VerifiesAsync(certificate) ? 1 : 0;
        return count;
    }

    public async Task RestartAsync()
    {
        await CloseAsync();
        await OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        folder.Dispose();
    }

    private async Task OpenAsync()
    {
        data = new DataFolder(DataPath);
        authority = CertificateAuthority.Open(data, TimeProvider.System, logs.For<CertificateAuthority>());
        var settings = new DeviceEndpointOptions { Address = IPAddress.Loopback, Port = port, PlainPort = PlainPort };
        Broker = new SupervisedBroker(
            settings,
            new BrokerFolder(data, settings, authority, new TopicMap(), new MicroPythonTopics(), TimeProvider.System),
            new LinkOptions { ClientId = "armada-silo" },
            link => new MqttLink(link, logs.For<MqttLink>()),
            TimeProvider.System,
            logs.For<SupervisedBroker>());
        Own = new OwnRegistry(data, authority, Broker, CertificateLifetimes.Default, TimeProvider.System, logs);
        Registry = new Recording(Own, issued);
        host = new IdentityHost(Own, Broker, TimeProvider.System, logs.For<IdentityHost>());
        await host.StartAsync(default);
    }

    private async Task CloseAsync()
    {
        await host.StopAsync(default);
        host.Dispose();
        Own.Dispose();
        Broker.Dispose();
        authority.Dispose();
        data.Dispose();
    }

    private async Task<bool> VerifiesAsync(string certificate)
    {
        var (exit, _) = await OpenSsl.TryAsync(
            "verify", "-crl_check", "-purpose", "sslclient", "-CAfile", CaFile, "-CRLfile", Path.Combine(DataPath, "authority", "crl.pem"),
            folder.Write("asked.pem", certificate));
        return exit == 0;
    }

    /// <summary>Keeps every certificate that was ever given out.</summary>
    private sealed class Recording(OwnRegistry own, ConcurrentDictionary<string, string> issued) : IDeviceRegistry
    {
        public ValueTask<BrokerLocation> BrokerAsync(CancellationToken cancellation) => own.BrokerAsync(cancellation);

        public ValueTask<RegistryAnswer> CreateAsync(NewDevice device, CancellationToken cancellation) =>
            Keep(own.CreateAsync(device, cancellation));

        public ValueTask<DeviceIdentity?> FindAsync(string name, CancellationToken cancellation) => own.FindAsync(name, cancellation);

        public ValueTask<ImmutableArray<DeviceIdentity>> ListAsync(string? after, int limit, CancellationToken cancellation) =>
            own.ListAsync(after, limit, cancellation);

        public ValueTask<RegistryAnswer> RotateAsync(string name, string? request, CancellationToken cancellation) =>
            Keep(own.RotateAsync(name, request, cancellation));

        public ValueTask<RegistryAnswer> CollectedAsync(string name, string fingerprint, CancellationToken cancellation) =>
            own.CollectedAsync(name, fingerprint, cancellation);

        public ValueTask<RegistryAnswer> SeenAsync(string name, string fingerprint, CancellationToken cancellation) =>
            own.SeenAsync(name, fingerprint, cancellation);

        public ValueTask<RegistryAnswer> RetireAsync(string name, string fingerprint, CancellationToken cancellation) =>
            own.RetireAsync(name, fingerprint, cancellation);

        public ValueTask<RegistryAnswer> DeleteAsync(string name, CancellationToken cancellation) => own.DeleteAsync(name, cancellation);

        private async ValueTask<RegistryAnswer> Keep(ValueTask<RegistryAnswer> call)
        {
            var answer = await call;
            if (answer.Issued is { } given)
                issued[given.Fingerprint] = given.Certificate;
            return answer;
        }
    }
}
