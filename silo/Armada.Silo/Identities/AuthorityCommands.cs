using System.CommandLine;
using Armada.Silo.Options;
using Microsoft.Extensions.Logging.Abstractions;

namespace Armada.Silo.Identities;

/// <summary>The command line's <c>authority make</c>.</summary>
internal static class AuthorityCommands
{
    public static Command Make(TextWriter output)
    {
        var folder = new Argument<string>("folder") { Description = "Folder to create; its parent exists." };
        var make = new Command("make", "Create an authority of devices' certificates: ca.pem, and ca.key with mode 0600.") { folder };
        make.SetAction(async (line, cancellation) =>
        {
            var wanted = new AuthorityFolder(line.GetRequiredValue(folder));
            if (wanted.Exists)
                throw new SiloOptionsException($"'{wanted.Path}' is not empty; choose another folder");
            using var made = CertificateAuthority.Open(wanted, mayMake: true, TimeProvider.System, NullLogger<CertificateAuthority>.Instance);
            await output.WriteLineAsync($"{made.Certificate.Name}, SHA-256 {made.Id}".AsMemory(), cancellation);
            return 0;
        });
        return new Command("authority", "Authorities of devices' certificates, for --authority.") { make };
    }
}
