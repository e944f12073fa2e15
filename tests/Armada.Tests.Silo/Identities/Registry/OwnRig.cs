using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Armada.Core.Devices;
using Armada.Mqtt;
using Armada.Silo;
using Armada.Silo.Identities.Registry;
using Armada.Silo.Mqtt;
using Armada.Silo.Options;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Logging;
using Armada.Testing.Network;
using Armada.Testing.Registry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Armada.Tests.Silo.Identities.Registry;

/// <summary>The own registry in a silo whose device endpoint listens, in a folder that stays over restarts.</summary>
internal sealed class OwnRig : IRegistryUnderTest
{
    private readonly FailOnLoggedErrors logs;
    private readonly TempFolder folder = new();
    private readonly ConcurrentDictionary<string, string> issued = new(StringComparer.Ordinal);
    private WebApplication silo = null!;

    private readonly TestCertificates web;
    private readonly Func<HttpOptions, HttpOptions> with;
    private readonly Action<IServiceCollection>? adjust;

    private OwnRig(FailOnLoggedErrors logs, int? plainPort, Func<HttpOptions, HttpOptions>? with, Action<IServiceCollection>? adjust)
    {
        (this.logs, PlainPort, this.with, this.adjust) = (logs, plainPort, with ?? (http => http), adjust);
        web = new TestCertificates(folder, "web-ca");
    }

    public IDeviceRegistry Registry { get; private set; } = null!;

    public TempFolder Folder => folder;

    public string DataPath => folder.File("data");

    public string CaFile => Path.Combine(DataPath, "authority", "ca.pem");

    public int Port { get; } = FreePort.Next();

    public bool SignsTheRequestsKey => true;

    /// <summary>Port of the listener for anybody on this machine; null for none.</summary>
    public int? PlainPort { get; }

    public static async Task<OwnRig> StartAsync(
        FailOnLoggedErrors logs, int? plainPort = null, Func<HttpOptions, HttpOptions>? with = null, Action<IServiceCollection>? adjust = null)
    {
        var rig = new OwnRig(logs, plainPort, with, adjust);
        await rig.OpenAsync();
        return rig;
    }

    /// <summary>One of the silo's addresses.</summary>
    /// <param name="scheme">http or https; ws or wss for the device endpoint's.</param>
    public Uri Address(string scheme)
    {
        var http = scheme.Replace("ws", "http", StringComparison.Ordinal);
        var addresses = silo.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        var port = addresses.Select(address => new Uri(address)).Single(address => address.Scheme == http && address.Port != Port && address.Port != PlainPort).Port;
        return new Uri($"{scheme}://127.0.0.1:{port}/{(http == scheme ? "" : "mqtt")}");
    }

    /// <summary>Publishes to a device as the silo does; whether it was connected and subscribed.</summary>
    public bool Says(string topic, string text) =>
        silo.Services.GetRequiredService<IMqttLink>().Publish(topic, Encoding.UTF8.GetBytes(text), Delivery.Control);

    /// <summary>Calls a handler with all that devices publish to a topic.</summary>
    public void Hear(string topic, MessageHandler handler) =>
        silo.Services.GetRequiredService<IMqttLink>().Subscribe(topic, Delivery.Control, handler);

    /// <summary>A part of the silo.</summary>
    public T Of<T>()
        where T : notnull => silo.Services.GetRequiredService<T>();

    public Task<bool> IsTakenAsync(string device, string fingerprint) => IsTakenAsync(issued[fingerprint]);

    public async Task<int> CountTakenAsync()
    {
        var count = 0;
        foreach (var certificate in issued.Values)
            count += await IsTakenAsync(certificate) ? 1 : 0;
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
        web.Dispose();
        folder.Dispose();
    }

    private async Task OpenAsync()
    {
        var (certificate, key) = web.Server();
        silo = SiloHost.Build(
            new SiloOptions
            {
                Http = with(new() { Urls = [new("http://127.0.0.1:0"), new("https://127.0.0.1:0")], Tls = new(certificate, key) }),
                DataDirectory = DataPath,
                Broker = new DeviceEndpointOptions { Address = IPAddress.Loopback, Port = Port, PlainPort = PlainPort },
            },
            logging => logging.AddProvider(logs),
            adjust);
        await silo.StartAsync();
        Registry = new Recording(silo.Services.GetRequiredService<IDeviceRegistry>(), issued);
    }

    private async Task CloseAsync()
    {
        SiloStops.Begin();
        await silo.StopAsync();
        await silo.DisposeAsync();
    }

    // The silo's own door and an outside broker, which is given the signed list, must agree.
    private async Task<bool> IsTakenAsync(string pem)
    {
        using var certificate = X509Certificate2.CreateFromPem(pem);
        var copy = Of<IdentityCopy>();
        var list = await copy.Registry.SignListAsync(copy.Now.Authorities.Single().Id);
        var (exit, said) = await OpenSsl.TryAsync(
            "verify", "-crl_check", "-purpose", "sslclient", "-CAfile", CaFile, "-CRLfile", folder.Write("crl.pem", list!), folder.Write("asked.pem", pem));
        var admission = Of<DeviceAdmission>();
        var isTaken = admission.IsIssuedHere(certificate)
            && admission.Admit(certificate, certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false), null, out _) is not null;
        Assert.True(isTaken == (exit == 0), $"admitted: {isTaken}; openssl: {said}");
        return isTaken;
    }

    /// <summary>Keeps every certificate that was ever given out.</summary>
    private sealed class Recording(IDeviceRegistry own, ConcurrentDictionary<string, string> issued) : IDeviceRegistry
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
