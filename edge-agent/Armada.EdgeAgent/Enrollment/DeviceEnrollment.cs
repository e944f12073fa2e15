using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Armada.Core.Devices;
using Armada.Core.Topics;
using Armada.Devices.Arms;
using Armada.Devices.Serial;
using Armada.EdgeAgent.Identities;

namespace Armada.EdgeAgent.Enrollment;

/// <summary>Gets a device its identity: a key that stays here, a certificate for it from the silo, and a configuration that can be run.</summary>
/// <param name="output">Receives what was done.</param>
internal sealed class DeviceEnrollment(EnrollmentOptions options, TimeProvider time, Func<IReadOnlyList<string>> ports, TextWriter output)
{
    private const string Nameless = "armada-enrollment";

    /// <summary>Enrolls the device; may be repeated after any failure.</summary>
    /// <exception cref="ConfigurationException">A file or a folder is not usable, or is of another silo.</exception>
    /// <exception cref="EnrollmentFailedException">The silo is not reached, refuses, or gives what cannot be used.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            var configuration = EnrolledConfiguration.Open(options);
            var files = new EnrolledFiles(options);
            using var key = files.Key();
            var answer = await AskAsync(files, key, cancellation);
            var (certificate, authority) = Checked(answer, key);
            files.CheckAuthority(authority);
            configuration.Check(answer);
            files.Store(answer.Name, certificate, authority, key);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"'{answer.Name}' ({answer.Kind}) has its certificate, valid until {answer.ExpiresAt:yyyy-MM-dd}, in {options.Folder}"));
            if (answer.Kind != "agent")
                Configure(configuration, answer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"'{options.Folder}' cannot be used: {e.Message}", e);
        }
    }

    private async Task<EnrollmentResponse> AskAsync(EnrolledFiles files, DeviceKey key, CancellationToken cancellation)
    {
        try
        {
            return await EnrollmentClient.AskAsync(options, key.Request(options.Name ?? Nameless), time, cancellation);
        }
        catch (EnrollmentFailedException e) when (e.IsRefusal)
        {
            files.Forget();
            throw;
        }
    }

    private (string Certificate, X509Certificate2Collection Authority) Checked(EnrollmentResponse answer, DeviceKey key)
    {
        if (!DeviceName.IsValid(answer.Name) || (options.Name is { } wanted && wanted != answer.Name))
            throw Unusable("a name that was not asked for");
        if (answer.Broker is not { Hosts: { IsDefaultOrEmpty: false } hosts, Port: var port } || !hosts.All(host => HostPort.TryParse(host, port, out _)))
            throw Unusable("no broker that could be reached");
        if (ConfigurationRules.RootProblem(answer.TopicRoot) is not null)
            throw Unusable("a topic_root that is none");
        var authority = CertificateCheck.Authorities(answer.Ca);
        if (authority.Count == 0)
            throw Unusable("no certificate of an authority");
        var signers = answer.Broker.SignsDevices ? authority : null;
        if (!CertificateCheck.TryTake(answer.Certificate, answer.Name, [key], signers, time.GetUtcNow(), out var certificate, out var refusal))
            throw new EnrollmentFailedException($"{options.Server} answered with something unusable: {refusal}");
        using (certificate)
            return (certificate.ExportCertificatePem() + "\n", authority);

        EnrollmentFailedException Unusable(string what) => new($"{options.Server} gave {what}");
    }

    private void Configure(EnrolledConfiguration configuration, EnrollmentResponse answer)
    {
        if (ArmKind.Find(answer.Kind) is null)
        {
            output.WriteLine($"this agent cannot run a {answer.Kind}; {options.Configuration} stays as it is");
            return;
        }

        if (configuration.Device(answer.Name) is { } present)
        {
            output.WriteLine($"{options.Configuration} has '{answer.Name}' already, on {present.Port}");
            return;
        }

        var port = (options.Port is { } given ? SerialPorts.StableNameOf(given) : null) ?? (ports().Where(port => !configuration.Has(port)).ToArray() is [var only] ? only : null);
        var device = new DeviceSettings(answer.Name, answer.Kind, port ?? "/dev/serial/by-id/…");
        configuration.Write(answer, port is null ? null : device);
        output.WriteLine(port is null
            ? $"which serial port has the arm is not clear: add it to \"devices\" in {options.Configuration}, such as {ConfigurationText.Text(device)}"
            : $"{options.Configuration} has '{answer.Name}' on {port}; start with: armada-edge run --config {options.Configuration}");
    }
}
