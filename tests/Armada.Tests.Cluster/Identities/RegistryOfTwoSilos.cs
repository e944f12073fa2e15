using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Armada.Core.Devices;
using Armada.Silo.Identities;
using Armada.Silo.Mqtt;
using Armada.Silo.Options;
using Armada.Testing;
using Armada.Testing.Logging;
using Armada.Testing.Network;
using Armada.Testing.Registry;
using Armada.Tests.Cluster.Documents;

namespace Armada.Tests.Cluster.Identities;

/// <summary>Two silos with device endpoints and one authority, on Redis and without another broker; each call is made at the other one than the last.</summary>
internal sealed class RegistryOfTwoSilos : IRegistryUnderTest
{
    private readonly TempFolder folder = new();
    private readonly ConcurrentDictionary<string, string> issued = new(StringComparer.Ordinal);
    private readonly FailOnLoggedErrors logs;

    private RegistryOfTwoSilos(SharedServers servers, FailOnLoggedErrors logs)
    {
        this.logs = logs;
        MakeAuthority("authority");
        Authorities = [folder.File("authority")];
        Silos = new TwoSilos(servers, logs, options => options with
        {
            Broker = new DeviceEndpointOptions { Address = IPAddress.Loopback, Port = FreePort.Next() },
            Authorities = Authorities,
        });
        Registry = new InTurn(this);
    }

    public TwoSilos Silos { get; }

    public IDeviceRegistry Registry { get; }

    public bool SignsTheRequestsKey => true;

    public TempFolder Folder => folder;

    /// <summary>Folders of what the silos are given at their next start.</summary>
    public IReadOnlyList<string> Authorities { get; set; }

    public static async Task<RegistryOfTwoSilos> StartAsync(SharedServers servers, FailOnLoggedErrors logs)
    {
        var rig = new RegistryOfTwoSilos(servers, logs);
        await rig.Silos.StartAsync();
        return rig;
    }

    public void MakeAuthority(string name) =>
        CertificateAuthority.Open(new AuthorityFolder(folder.File(name)), mayMake: true, TimeProvider.System, logs.For<CertificateAuthority>()).Dispose();

    /// <summary>Whether both silos let it in; they must agree.</summary>
    public Task<bool> IsTakenAsync(string device, string fingerprint) => Task.FromResult(IsTaken(issued[fingerprint]));

    public Task<int> CountTakenAsync() => Task.FromResult(issued.Values.Count(IsTaken));

    public Task RestartAsync() => Silos.RestartAsync();

    /// <summary>Whether a silo lets a certificate in.</summary>
    public static bool Admits(WholeSilo silo, string pem)
    {
        using var certificate = X509Certificate2.CreateFromPem(pem);
        var admission = silo.Of<DeviceAdmission>();
        return admission.IsIssuedHere(certificate)
            && admission.Admit(certificate, certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false), null, out _) is not null;
    }

    public async ValueTask DisposeAsync()
    {
        await Silos.DisposeAsync();
        folder.Dispose();
    }

    private bool IsTaken(string pem)
    {
        var answers = Silos.Silos.Select(silo => Admits(silo, pem)).Distinct().ToArray();
        Assert.True(answers.Length == 1, "one silo admits the certificate and the other does not");
        return answers[0];
    }

    /// <summary>The registries of both silos by turns; keeps every certificate that was given out.</summary>
    private sealed class InTurn(RegistryOfTwoSilos rig) : IDeviceRegistry
    {
        private int calls;

        private IDeviceRegistry Next => rig.Silos.Silos[calls++ % 2].Of<IDeviceRegistry>();

        public ValueTask<BrokerLocation> BrokerAsync(CancellationToken cancellation) => Next.BrokerAsync(cancellation);

        public ValueTask<RegistryAnswer> CreateAsync(NewDevice device, CancellationToken cancellation) => Keep(Next.CreateAsync(device, cancellation));

        public ValueTask<DeviceIdentity?> FindAsync(string name, CancellationToken cancellation) => Next.FindAsync(name, cancellation);

        public ValueTask<ImmutableArray<DeviceIdentity>> ListAsync(string? after, int limit, CancellationToken cancellation) =>
            Next.ListAsync(after, limit, cancellation);

        public ValueTask<RegistryAnswer> RotateAsync(string name, string? request, CancellationToken cancellation) => Keep(Next.RotateAsync(name, request, cancellation));

        public ValueTask<RegistryAnswer> CollectedAsync(string name, string fingerprint, CancellationToken cancellation) => Next.CollectedAsync(name, fingerprint, cancellation);

        public ValueTask<RegistryAnswer> SeenAsync(string name, string fingerprint, CancellationToken cancellation) => Next.SeenAsync(name, fingerprint, cancellation);

        public ValueTask<RegistryAnswer> RetireAsync(string name, string fingerprint, CancellationToken cancellation) => Next.RetireAsync(name, fingerprint, cancellation);

        public ValueTask<RegistryAnswer> DeleteAsync(string name, CancellationToken cancellation) => Next.DeleteAsync(name, cancellation);

        private async ValueTask<RegistryAnswer> Keep(ValueTask<RegistryAnswer> call)
        {
            var answer = await call;
            if (answer.Issued is { } given)
                rig.issued[given.Fingerprint] = given.Certificate;
            return answer;
        }
    }
}
