using System.Diagnostics;
using Armada.Devices.Arms;
using Armada.Emulators.Arms;
using Armada.Emulators.Bus;

namespace Armada.Tests.Bus.Emulators;

/// <summary>The vendor's own Python SDK drives the emulated arm. ARMADA_SCSERVO_SDK names the folder that holds its package scservo_sdk.</summary>
public sealed class VendorSdkTests
{
    private const int NoPyserial = 77;

    [SkippableFact]
    public async Task The_vendors_sdk_pings_reads_writes_and_moves_the_arm()
    {
        var sdk = Environment.GetEnvironmentVariable("ARMADA_SCSERVO_SDK");
        Skip.If(string.IsNullOrEmpty(sdk), "ARMADA_SCSERVO_SDK does not name a folder with the package scservo_sdk");
        var folder = Directory.CreateTempSubdirectory("armada-sdk-");
        using (var bus = new EmulatedBus(EmulatedArm.So101(ArmRole.Follower), Path.Combine(folder.FullName, "arm")))
        {
            var script = Path.Combine(AppContext.BaseDirectory, "Emulators", "scservo_check.py");
            using var python = Process.Start(new ProcessStartInfo("/usr/bin/env", ["python3", script, bus.Port, sdk]) { RedirectStandardError = true })!;
            var complaint = await python.StandardError.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(1));
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            await python.WaitForExitAsync(patience.Token);
            Skip.If(python.ExitCode == NoPyserial, "python3 has no module serial (Debian: python3-serial)");
            Assert.True(python.ExitCode == 0, complaint);
        }

        folder.Delete(recursive: true);
    }
}
