using System.Security.Cryptography.X509Certificates;
using Armada.Core.Devices;
using Armada.Silo.AwsIot;
using Armada.Testing;

namespace Armada.Tests.AwsIot.Broker;

public sealed class AmazonRootTests
{
    [SkippableFact]
    public void Amazons_root_is_found_in_the_machines_store()
    {
        Skip.IfNot(File.Exists("/etc/ssl/certs/Amazon_Root_CA_1.pem"), "this machine has no root certificates of Debian's kind");
        using var root = X509Certificate2.CreateFromPem(AmazonRoot.Read(null));
        Assert.Equal("CN=Amazon Root CA 1, O=Amazon, C=US", root.Subject);
    }

    [Fact]
    public void A_file_that_is_no_certificate_is_said_by_name()
    {
        using var folder = new TempFolder();
        foreach (var file in (string[])[folder.Write("root.pem", "nothing"), folder.File("missing.pem")])
            Assert.Contains(file, Assert.Throws<RegistryFailedException>(() => AmazonRoot.Read(file)).Message, StringComparison.Ordinal);
    }
}
