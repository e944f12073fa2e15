using Amazon.IoT;
using Armada.Core.Devices;
using Armada.Testing.Registry;
using Armada.Tests.AwsIot.Moto;

namespace Armada.Tests.AwsIot.Registry;

[Collection(MotoTests.Name)]
public sealed class AwsRegistryConformanceTests(MotoServer moto) : RegistryConformance
{
    protected override Task<IRegistryUnderTest> StartAsync() => Task.FromResult<IRegistryUnderTest>(new Account(new AwsRig(moto, Logs)));

    private sealed class Account(AwsRig rig) : IRegistryUnderTest
    {
        public IDeviceRegistry Registry { get; private set; } = rig.Registry;

        public bool SignsTheRequestsKey => true; // As AWS; moto itself does not.

        public async Task<bool> IsTakenAsync(string device, string fingerprint) => (await TakenAsync()).Contains((device, fingerprint));

        public async Task<int> CountTakenAsync() => (await TakenAsync()).Count;

        public Task RestartAsync()
        {
            Registry = rig.Start();
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => rig.DisposeAsync();

        // What AWS's broker asks for: an active certificate, attached to the thing whose name is the client id, with a policy.
        private async Task<HashSet<(string Device, string Fingerprint)>> TakenAsync()
        {
            HashSet<(string, string)> taken = [];
            foreach (var certificate in (await rig.View.CertificatesAsync()).Where(certificate => certificate.Status == CertificateStatus.ACTIVE))
            {
                if ((await rig.View.PoliciesAsync(certificate.CertificateArn)).Count == 0)
                    continue;
                foreach (var thing in await rig.View.ThingsOfAsync(certificate.CertificateArn))
                    taken.Add((thing, certificate.CertificateId));
            }

            return taken;
        }
    }
}
